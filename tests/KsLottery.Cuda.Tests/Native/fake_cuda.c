/* A driver without a device: the part of libcuda that the library calls, over the host's memory.
   It keeps the rules that a real one enforces (a current context, ranges within allocations, live handles), writes down every call,
   and fails where it is told to. Kernels run where a function on the host was registered for them, or something that runs PTX. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
typedef unsigned long long address;

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_CONTEXT = 201,
       INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500, FIRST_STICKY = 700 };
enum { MEMORY = 1, HOST, STREAM, MODULE, KINDS };
enum { MAXIMUM_OBJECTS = 4096, MAXIMUM_PARAMETERS = 128, NAME_BYTES = 128 };

struct object { int kind; char *start; size_t bytes; };
struct module { char name[NAME_BYTES]; int sizes[MAXIMUM_PARAMETERS], parameters; char *text; };
typedef void (*host_kernel)(void **parameters, unsigned groups, unsigned group_size);
typedef int (*text_runner)(const char *text, void **parameters, unsigned groups, unsigned group_size);

static struct object objects[MAXIMUM_OBJECTS];
static struct { char name[NAME_BYTES]; host_kernel run; } kernels[1024];
static int kernel_count, device_count = 1, major_capability = 7, minor_capability = 0, retained, started, sticky;
static size_t memory_bytes = (size_t)1 << 30, taken;
static char log_text[1 << 20], failing[NAME_BYTES];
static int failing_status, failing_after, context_object;
static text_runner runner;
static unsigned char last_parameters[8 * MAXIMUM_PARAMETERS];
static int last_parameter_bytes;
static __thread int current_depth;

static void note(const char *format, ...)
{
    size_t used = strlen(log_text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(log_text + used, sizeof log_text - used - 1, format, arguments);
    va_end(arguments);
    strcat(log_text, "\n");
}

/* What a call returns before it does anything. */
static int refuse(const char *call, int needs_context)
{
    if (strcmp(failing, call) == 0 && failing_after-- <= 0) {
        int status = failing_status;
        failing[0] = 0;
        if (status >= FIRST_STICKY) sticky = status;
        return status;
    }
    if (sticky && needs_context) return sticky;
    if (!started) return NOT_INITIALIZED;
    return needs_context && current_depth == 0 ? INVALID_CONTEXT : SUCCESS;
}

#define BEGIN(needs_context) do { int refused = refuse(__func__, needs_context); if (refused) return refused; } while (0)

static int put(int kind, void *start, size_t bytes)
{
    for (int i = 0; i < MAXIMUM_OBJECTS; i++)
        if (objects[i].kind == 0) { objects[i] = (struct object){ kind, start, bytes }; return SUCCESS; }
    return OUT_OF_MEMORY;
}

static struct object *find(int kind, const void *start)
{
    for (int i = 0; i < MAXIMUM_OBJECTS; i++)
        if (objects[i].kind == kind && objects[i].start == start) return &objects[i];
    return NULL;
}

static int is_within(int kind, const void *start, size_t bytes)
{
    for (int i = 0; i < MAXIMUM_OBJECTS; i++)
        if (objects[i].kind == kind && objects[i].start <= (char *)start && (char *)start + bytes <= objects[i].start + objects[i].bytes) return 1;
    return 0;
}

static int drop(int kind, void *start)
{
    struct object *found = find(kind, start);
    if (!found) return INVALID_HANDLE;
    if (kind == MEMORY) taken -= found->bytes;
    if (kind == MODULE) free(((struct module *)start)->text);
    free(found->start);
    *found = (struct object){ 0 };
    return SUCCESS;
}

/* ---- for the tests ---- */

EXPORT void fake_reset(int devices, int major, int minor, size_t memory)
{
    device_count = devices, major_capability = major, minor_capability = minor, memory_bytes = memory;
    log_text[0] = failing[0] = 0, sticky = 0, last_parameter_bytes = 0, runner = NULL, kernel_count = 0;
}

EXPORT void fake_fail(const char *call, int status, int after) { snprintf(failing, sizeof failing, "%s", call); failing_status = status, failing_after = after; }
EXPORT const char *fake_log(void) { return log_text; }
EXPORT int fake_retained(void) { return retained; }
EXPORT int fake_depth(void) { return current_depth; }
EXPORT int fake_parameters(unsigned char *bytes) { memcpy(bytes, last_parameters, last_parameter_bytes); return last_parameter_bytes; }

EXPORT int fake_live(void)
{
    int live = 0;
    for (int i = 0; i < MAXIMUM_OBJECTS; i++) live += objects[i].kind != 0;
    return live;
}

EXPORT void fake_register(const char *name, host_kernel run)
{
    snprintf(kernels[kernel_count].name, NAME_BYTES, "%s", name);
    kernels[kernel_count++].run = run;
}

EXPORT void fake_run_with(text_runner run) { runner = run; }
EXPORT int fake_within(address start, int bytes) { return is_within(MEMORY, (void *)start, bytes); }

/* ---- the driver ---- */

EXPORT int cuGetErrorName(int status, const char **name)
{
    switch (status) {
    case SUCCESS: *name = "CUDA_SUCCESS"; break;
    case INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; break;
    case OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case NO_DEVICE: *name = "CUDA_ERROR_NO_DEVICE"; break;
    case INVALID_CONTEXT: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
    case INVALID_PTX: *name = "CUDA_ERROR_INVALID_PTX"; break;
    case NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
    case 700: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    default: *name = NULL; return INVALID_VALUE;
    }
    return SUCCESS;
}

EXPORT int cuGetErrorString(int status, const char **text) { *text = status == 999 ? "unknown error" : ""; return SUCCESS; }

EXPORT int cuInit(unsigned flags)
{
    (void)flags;
    started = 1;
    BEGIN(0);
    return SUCCESS;
}

EXPORT int cuDriverGetVersion(int *version) { *version = 12040; return SUCCESS; }
EXPORT int cuDeviceGetCount(int *count) { BEGIN(0); *count = device_count; return SUCCESS; }

EXPORT int cuDeviceGet(int *device, int ordinal)
{
    BEGIN(0);
    if (ordinal < 0 || ordinal >= device_count) return INVALID_DEVICE;
    *device = 40 + ordinal;   /* a handle, not the ordinal */
    return SUCCESS;
}

EXPORT int cuDeviceGetName(char *name, int bytes, int device)
{
    BEGIN(0);
    snprintf(name, bytes, "Fake %d", device - 40);
    return SUCCESS;
}

EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device) { BEGIN(0); (void)device; *bytes = memory_bytes; return SUCCESS; }

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    BEGIN(0);
    if (device < 40 || device >= 40 + device_count) return INVALID_DEVICE;
    switch (attribute) {
    case 1: *value = 1024; break;              /* threads of a block */
    case 8: *value = 48 << 10; break;          /* static shared memory of a block */
    case 16: *value = 3; break;                /* multiprocessors */
    case 18: *value = 0; break;                /* integrated */
    case 75: *value = major_capability; break;
    case 76: *value = minor_capability; break;
    default: return INVALID_VALUE;
    }
    return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxRetain(void **context, int device)
{
    BEGIN(0);
    if (device < 40) return INVALID_DEVICE;
    retained++;
    *context = &context_object;
    return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int device)
{
    if (device < 40) return INVALID_DEVICE;
    retained--;
    note("cuDevicePrimaryCtxRelease_v2");
    return SUCCESS;
}

EXPORT int cuCtxPushCurrent_v2(void *context)
{
    BEGIN(0);
    if (context != &context_object || retained <= 0) return INVALID_CONTEXT;
    current_depth++;
    return SUCCESS;
}

EXPORT int cuCtxPopCurrent_v2(void **context)
{
    if (current_depth == 0) return INVALID_CONTEXT;
    current_depth--;
    *context = &context_object;
    return SUCCESS;
}

EXPORT int cuCtxSynchronize(void) { BEGIN(1); note("cuCtxSynchronize"); return SUCCESS; }
EXPORT int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) { BEGIN(1); *free_bytes = memory_bytes - taken, *total = memory_bytes; return SUCCESS; }

EXPORT int cuMemAlloc_v2(address *where, size_t bytes)
{
    BEGIN(1);
    note("cuMemAlloc_v2 %zu", bytes);
    if (bytes == 0) return INVALID_VALUE;
    if (bytes > memory_bytes - taken) return OUT_OF_MEMORY;
    void *start = aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(start, 0xA5, bytes);
    taken += bytes;
    *where = (address)start;
    return put(MEMORY, start, bytes);
}

EXPORT int cuMemFree_v2(address where) { BEGIN(1); note("cuMemFree_v2"); return drop(MEMORY, (void *)where); }

EXPORT int cuMemHostAlloc(void **where, size_t bytes, unsigned flags)
{
    BEGIN(1);
    note("cuMemHostAlloc %zu %u", bytes, flags);
    *where = malloc(bytes);
    memset(*where, 0xA5, bytes);
    return put(HOST, *where, bytes);
}

EXPORT int cuMemFreeHost(void *where) { BEGIN(1); note("cuMemFreeHost"); return drop(HOST, where); }

EXPORT int cuMemcpyHtoDAsync_v2(address to, const void *from, size_t bytes, void *stream)
{
    BEGIN(1);
    note("cuMemcpyHtoDAsync_v2 %zu", bytes);
    if (!find(STREAM, stream)) return INVALID_HANDLE;
    if (bytes == 0 || !is_within(MEMORY, (void *)to, bytes) || !is_within(HOST, from, bytes)) return INVALID_VALUE;
    memcpy((void *)to, from, bytes);
    return SUCCESS;
}

EXPORT int cuMemcpyDtoHAsync_v2(void *to, address from, size_t bytes, void *stream)
{
    BEGIN(1);
    note("cuMemcpyDtoHAsync_v2 %zu", bytes);
    if (!find(STREAM, stream)) return INVALID_HANDLE;
    if (bytes == 0 || !is_within(HOST, to, bytes) || !is_within(MEMORY, (void *)from, bytes)) return INVALID_VALUE;
    memcpy(to, (void *)from, bytes);
    return SUCCESS;
}

EXPORT int cuMemcpyDtoDAsync_v2(address to, address from, size_t bytes, void *stream)
{
    BEGIN(1);
    note("cuMemcpyDtoDAsync_v2 %zu", bytes);
    if (!find(STREAM, stream)) return INVALID_HANDLE;
    if (bytes == 0 || !is_within(MEMORY, (void *)to, bytes) || !is_within(MEMORY, (void *)from, bytes)) return INVALID_VALUE;
    memcpy((void *)to, (void *)from, bytes);
    return SUCCESS;
}

EXPORT int cuMemsetD32Async(address to, unsigned value, size_t words, void *stream)
{
    BEGIN(1);
    note("cuMemsetD32Async %u %zu", value, words);
    if (!find(STREAM, stream)) return INVALID_HANDLE;
    if (to % 4 || !is_within(MEMORY, (void *)to, 4 * words)) return INVALID_VALUE;
    for (size_t i = 0; i < words; i++) ((unsigned *)to)[i] = value;
    return SUCCESS;
}

EXPORT int cuStreamCreate(void **stream, unsigned flags)
{
    BEGIN(1);
    note("cuStreamCreate %u", flags);
    *stream = malloc(1);
    return put(STREAM, *stream, 1);
}

EXPORT int cuStreamDestroy_v2(void *stream) { BEGIN(1); note("cuStreamDestroy_v2"); return drop(STREAM, stream); }
EXPORT int cuStreamQuery(void *stream) { BEGIN(1); note("cuStreamQuery"); return find(STREAM, stream) ? 600 : INVALID_HANDLE; }
EXPORT int cuStreamSynchronize(void *stream) { BEGIN(1); note("cuStreamSynchronize"); return find(STREAM, stream) ? SUCCESS : INVALID_HANDLE; }

static int complain(int options, const int *names, void **values, const char *what)
{
    for (int i = 0; i + 1 < options; i++)
        if (names[i] == 5 && names[i + 1] == 6) snprintf(values[i], (size_t)values[i + 1], "ptxas fatal : %s", what);
    return INVALID_PTX;
}

/* Reads the entry's name and the sizes of its parameters. */
EXPORT int cuModuleLoadDataEx(void **module, const char *text, unsigned options, const int *names, void **values)
{
    BEGIN(1);
    note("cuModuleLoadDataEx");
    const char *entry = strstr(text, ".entry ");
    if (!entry) return complain(options, names, values, "no entry");
    struct module *made = calloc(1, sizeof *made);
    entry += strlen(".entry ");
    size_t length = strcspn(entry, "( \t\r\n");
    snprintf(made->name, NAME_BYTES, "%.*s", (int)length, entry);
    const char *end = strchr(entry, ')'), *at = entry;
    while ((at = strstr(at, ".param .")) && at < end && made->parameters < MAXIMUM_PARAMETERS) {
        at += strlen(".param .");
        made->sizes[made->parameters++] = atoi(at + 1) / 8;   /* .u64, .u32, .f32, .f64 */
    }
    made->text = strdup(text);
    *module = made;
    return put(MODULE, made, sizeof *made);
}

EXPORT int cuModuleUnload(void *module) { BEGIN(1); note("cuModuleUnload"); return drop(MODULE, module); }

EXPORT int cuModuleGetFunction(void **function, void *module, const char *name)
{
    BEGIN(1);
    if (!find(MODULE, module)) return INVALID_HANDLE;
    *function = module;
    return strcmp(((struct module *)module)->name, name) == 0 ? SUCCESS : NOT_FOUND;
}

EXPORT int cuFuncGetAttribute(int *value, int attribute, void *function)
{
    BEGIN(1);
    if (!find(MODULE, function)) return INVALID_HANDLE;
    *value = attribute == 4 ? 32 : 0;
    return SUCCESS;
}

EXPORT int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream,
    void **parameters, void **extra)
{
    BEGIN(1);
    struct module *kernel = function;
    if (!find(MODULE, function) || !find(STREAM, stream)) return INVALID_HANDLE;
    note("cuLaunchKernel %s %u,%u,%u %u,%u,%u %u", kernel->name, gx, gy, gz, bx, by, bz, shared);
    if (gx == 0 || gy == 0 || gz == 0 || bx * by * bz == 0 || bx * by * bz > 1024 || extra) return INVALID_VALUE;
    last_parameter_bytes = 0;
    for (int i = 0; i < kernel->parameters; i++) {
        memcpy(last_parameters + last_parameter_bytes, parameters[i], kernel->sizes[i]);
        last_parameter_bytes += kernel->sizes[i];
    }
    for (int i = kernel_count - 1; i >= 0; i--)
        if (strcmp(kernels[i].name, kernel->name) == 0) { kernels[i].run(parameters, gx, bx); return SUCCESS; }
    return runner ? runner(kernel->text, parameters, gx, bx) : SUCCESS;
}
