/* The part of cuBLAS that the library calls, over the host's memory: column-major, summed in double precision. It refuses what the real one does. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
typedef unsigned long long address;

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15, REAL_32 = 0, BFLOAT_16 = 14, COMPUTE_32 = 68, DEFAULT_ALGORITHM = -1 };

struct state { void *stream; int math, has_workspace; };
static int live, calls, failing, unusable;

EXPORT int fake_handles(void) { return live; }
EXPORT int fake_calls(void) { int count = calls; calls = 0; return count; }
EXPORT void fake_fail_next(int status) { failing = status; }

EXPORT void fake_unusable(int status) { unusable = status; }

EXPORT int cublasCreate_v2(struct state **handle)
{
    if (unusable) return unusable;
    *handle = calloc(1, sizeof **handle);
    (*handle)->math = -1;
    live++;
    return SUCCESS;
}
EXPORT int cublasDestroy_v2(struct state *handle) { free(handle); live--; return SUCCESS; }

EXPORT int cublasSetStream_v2(struct state *handle, void *stream)
{
    handle->stream = stream;
    handle->has_workspace = 0;   /* the library's own again */
    return SUCCESS;
}

EXPORT int cublasSetMathMode(struct state *handle, int mode) { handle->math = mode; return SUCCESS; }

EXPORT int cublasSetWorkspace_v2(struct state *handle, address workspace, size_t bytes)
{
    handle->has_workspace = workspace % 256 == 0 && bytes >= 4 << 20;
    return handle->has_workspace ? SUCCESS : INVALID_VALUE;
}

static double load(address matrix, int type, int64_t index)
{
    if (type == REAL_32) return ((const float *)matrix)[index];
    uint32_t bits = (uint32_t)((const uint16_t *)matrix)[index] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int multiply(struct state *handle, int left, int right, int m, int n, int k, float alpha, address a, int type, int lda, address b, int ldb,
    float beta, float *c, int ldc)
{
    calls++;
    if (failing) { int status = failing; failing = 0; return status; }
    if (!handle->stream || handle->math != 0 || !handle->has_workspace) return NOT_INITIALIZED;
    if (m <= 0 || n <= 0 || k <= 0 || left < 0 || left > 1 || right < 0 || right > 1) return INVALID_VALUE;
    if (lda < (left ? k : m) || ldb < (right ? n : k) || ldc < m) return INVALID_VALUE;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            double sum = 0;
            for (int p = 0; p < k; p++)
                sum += load(a, type, left ? p + (int64_t)i * lda : i + (int64_t)p * lda) * load(b, type, right ? j + (int64_t)p * ldb : p + (int64_t)j * ldb);
            float *target = c + i + (int64_t)j * ldc;
            *target = (float)(alpha * sum + (beta == 0 ? 0 : beta * (double)*target));   /* β = 0 does not read C */
        }
    return SUCCESS;
}

EXPORT int cublasSgemm_v2(struct state *handle, int left, int right, int m, int n, int k, const float *alpha, address a, int lda, address b, int ldb,
    const float *beta, address c, int ldc)
{
    return multiply(handle, left, right, m, n, k, *alpha, a, REAL_32, lda, b, ldb, *beta, (float *)c, ldc);
}

EXPORT int cublasGemmEx(struct state *handle, int left, int right, int m, int n, int k, const void *alpha, address a, int type_a, int lda,
    address b, int type_b, int ldb, const void *beta, address c, int type_c, int ldc, int compute, int algorithm)
{
    if (type_a != BFLOAT_16 || type_b != BFLOAT_16 || type_c != REAL_32 || compute != COMPUTE_32 || algorithm != DEFAULT_ALGORITHM) return NOT_SUPPORTED;
    return multiply(handle, left, right, m, n, k, *(const float *)alpha, a, type_a, lda, b, ldb, *(const float *)beta, (float *)c, ldc);
}
