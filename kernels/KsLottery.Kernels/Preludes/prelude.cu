/* The C dialect of the kernels as CUDA C++, for clang without a toolkit: what OpenCL C has by itself, and the names of the dialect. No library is called. */
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;

#define DEVICE static __attribute__((device, always_inline)) inline
#define KERNEL(lanes) extern "C" __attribute__((global, launch_bounds(lanes)))
#define FUNCTION static __attribute__((device, always_inline))
#define GLOBAL
#define SHARED
#define SHARED_MEMORY __attribute__((shared))
#define GRID_IDX ((int)__nvvm_read_ptx_sreg_ctaid_x())
#define GRID_DIM ((int)__nvvm_read_ptx_sreg_nctaid_x())
#define GROUP_IDX ((int)__nvvm_read_ptx_sreg_tid_x())
#define WARP_SIZE 32
/* Clang's own barrier leaves compilers the belief that shared memory without atomics is not changed by other lanes meanwhile: reads move above it. */
#define BARRIER() __asm__ volatile("bar.sync 0;" ::: "memory")
#define F_INFINITY __builtin_inff()
#define F_NAN __builtin_nanf("")
#define D_INFINITY __builtin_inf()
#define D_NAN __builtin_nan("")

/* Signed numbers wrap around, which C leaves undefined. */
#define i_add(x, y) ((int)((uint)(x) + (uint)(y)))
#define i_sub(x, y) ((int)((uint)(x) - (uint)(y)))
#define i_mul(x, y) ((int)((uint)(x) * (uint)(y)))
#define i_shl(x, n) ((int)((uint)(x) << (n)))
#define i_shru(x, n) ((int)((uint)(x) >> (n)))
#define l_add(x, y) ((long)((ulong)(x) + (ulong)(y)))
#define l_sub(x, y) ((long)((ulong)(x) - (ulong)(y)))
#define l_mul(x, y) ((long)((ulong)(x) * (ulong)(y)))
#define l_shl(x, n) ((long)((ulong)(x) << (n)))
#define l_shru(x, n) ((long)((ulong)(x) >> (n)))

DEVICE int i_min(int x, int y) { return x < y ? x : y; }
DEVICE int i_max(int x, int y) { return x > y ? x : y; }
DEVICE int i_abs(int x) { return x < 0 ? i_sub(0, x) : x; }
DEVICE uint u_min(uint x, uint y) { return x < y ? x : y; }
DEVICE uint u_max(uint x, uint y) { return x > y ? x : y; }
DEVICE long l_min(long x, long y) { return x < y ? x : y; }
DEVICE long l_max(long x, long y) { return x > y ? x : y; }
DEVICE long l_abs(long x) { return x < 0 ? l_sub(0, x) : x; }
DEVICE ulong ul_min(ulong x, ulong y) { return x < y ? x : y; }
DEVICE ulong ul_max(ulong x, ulong y) { return x > y ? x : y; }
DEVICE int u_popcount(uint x) { return __builtin_popcount(x); }
DEVICE int u_clz(uint x) { return x == 0 ? 32 : __builtin_clz(x); }
DEVICE int u_ctz(uint x) { return x == 0 ? 32 : __builtin_ctz(x); }
DEVICE int u_log2(uint x) { return 31 - __builtin_clz(x | 1u); }
DEVICE int ul_popcount(ulong x) { return __builtin_popcountl(x); }
DEVICE int ul_clz(ulong x) { return x == 0 ? 64 : __builtin_clzl(x); }
DEVICE int ul_ctz(ulong x) { return x == 0 ? 64 : __builtin_ctzl(x); }
DEVICE int ul_log2(ulong x) { return 63 - __builtin_clzl(x | 1UL); }

/*
 * Towards zero, saturating; NaN becomes 0: for F32 and 32 bits by the instruction itself (PTX ISA, cvt). As instructions: clang makes its own conversions of
 * the builtin ones, undefined beyond the range of the result.
 */
#define CONVERSION(name, from, to, instruction, in, out) \
    DEVICE to name(from x) { to made; __asm__(instruction " %0, %1;" : out(made) : in(x)); return made; }
CONVERSION(f_to_i, float, int, "cvt.rzi.s32.f32", "f", "=r")
CONVERSION(f_to_u, float, uint, "cvt.rzi.u32.f32", "f", "=r")
CONVERSION(f_to_l_of_number, float, long, "cvt.rzi.s64.f32", "f", "=l")
CONVERSION(f_to_ul_of_number, float, ulong, "cvt.rzi.u64.f32", "f", "=l")
CONVERSION(d_to_i_of_number, double, int, "cvt.rzi.s32.f64", "d", "=r")
CONVERSION(d_to_u_of_number, double, uint, "cvt.rzi.u32.f64", "d", "=r")
CONVERSION(d_to_l_of_number, double, long, "cvt.rzi.s64.f64", "d", "=l")
CONVERSION(d_to_ul_of_number, double, ulong, "cvt.rzi.u64.f64", "d", "=l")
DEVICE long f_to_l(float x) { return x != x ? 0 : f_to_l_of_number(x); }
DEVICE ulong f_to_ul(float x) { return x != x ? 0 : f_to_ul_of_number(x); }
DEVICE int d_to_i(double x) { return x != x ? 0 : d_to_i_of_number(x); }
DEVICE uint d_to_u(double x) { return x != x ? 0 : d_to_u_of_number(x); }
DEVICE long d_to_l(double x) { return x != x ? 0 : d_to_l_of_number(x); }
DEVICE ulong d_to_ul(double x) { return x != x ? 0 : d_to_ul_of_number(x); }

DEVICE uint f_bits(float x) { return __builtin_bit_cast(uint, x); }
DEVICE float f_from_bits(uint x) { return __builtin_bit_cast(float, x); }
DEVICE float f_fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
DEVICE float f_sqrt(float x) { return __nvvm_sqrt_rn_f(x); }
DEVICE float f_abs(float x) { return __builtin_fabsf(x); }
DEVICE float f_floor(float x) { return __builtin_floorf(x); }
DEVICE float f_ceil(float x) { return __builtin_ceilf(x); }
DEVICE float f_trunc(float x) { return __builtin_truncf(x); }
DEVICE float f_round(float x) { return __builtin_rintf(x); }
DEVICE bool f_isnan(float x) { return x != x; }
DEVICE bool f_isinf(float x) { return __builtin_fabsf(x) == F_INFINITY; }
DEVICE bool f_isfinite(float x) { return __builtin_fabsf(x) < F_INFINITY; }
/* A NaN wins, and -0 is less than +0 (IEEE 754-2019, minimum and maximum). */
DEVICE float f_min(float x, float y) { return x != x ? x : y != y ? y : x < y ? x : y < x ? y : f_from_bits(f_bits(x) | f_bits(y)); }
DEVICE float f_max(float x, float y) { return x != x ? x : y != y ? y : x > y ? x : y > x ? y : f_from_bits(f_bits(x) & f_bits(y)); }

DEVICE ulong d_bits(double x) { return __builtin_bit_cast(ulong, x); }
DEVICE double d_from_bits(ulong x) { return __builtin_bit_cast(double, x); }
DEVICE double d_fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
DEVICE double d_sqrt(double x) { return __nvvm_sqrt_rn_d(x); }
DEVICE double d_abs(double x) { return __builtin_fabs(x); }
DEVICE double d_floor(double x) { return __builtin_floor(x); }
DEVICE double d_ceil(double x) { return __builtin_ceil(x); }
DEVICE double d_trunc(double x) { return __builtin_trunc(x); }
DEVICE double d_round(double x) { return __builtin_rint(x); }
DEVICE bool d_isnan(double x) { return x != x; }
DEVICE bool d_isinf(double x) { return __builtin_fabs(x) == D_INFINITY; }
DEVICE bool d_isfinite(double x) { return __builtin_fabs(x) < D_INFINITY; }
/* A NaN wins, and -0 is less than +0 (IEEE 754-2019, minimum and maximum). */
DEVICE double d_min(double x, double y) { return x != x ? x : y != y ? y : x < y ? x : y < x ? y : d_from_bits(d_bits(x) | d_bits(y)); }
DEVICE double d_max(double x, double y) { return x != x ? x : y != y ? y : x > y ? x : y > x ? y : d_from_bits(d_bits(x) & d_bits(y)); }

/* Each returns the value before it. */
DEVICE int atomic_add(int *p, int v) { return __nvvm_atom_add_gen_i(p, v); }
DEVICE int atomic_and(int *p, int v) { return __nvvm_atom_and_gen_i(p, v); }
DEVICE int atomic_or(int *p, int v) { return __nvvm_atom_or_gen_i(p, v); }
DEVICE int atomic_xor(int *p, int v) { return __nvvm_atom_xor_gen_i(p, v); }
DEVICE int atomic_xchg(int *p, int v) { return __nvvm_atom_xchg_gen_i(p, v); }
DEVICE int atomic_min(int *p, int v) { return __nvvm_atom_min_gen_i(p, v); }
DEVICE int atomic_max(int *p, int v) { return __nvvm_atom_max_gen_i(p, v); }
DEVICE int atomic_cmpxchg(int *p, int v, int n) { return __nvvm_atom_cas_gen_i(p, v, n); }
DEVICE uint atomic_add(uint *p, uint v) { return (uint)__nvvm_atom_add_gen_i((int *)p, (int)v); }
DEVICE uint atomic_and(uint *p, uint v) { return (uint)__nvvm_atom_and_gen_i((int *)p, (int)v); }
DEVICE uint atomic_or(uint *p, uint v) { return (uint)__nvvm_atom_or_gen_i((int *)p, (int)v); }
DEVICE uint atomic_xor(uint *p, uint v) { return (uint)__nvvm_atom_xor_gen_i((int *)p, (int)v); }
DEVICE uint atomic_xchg(uint *p, uint v) { return (uint)__nvvm_atom_xchg_gen_i((int *)p, (int)v); }
DEVICE uint atomic_min(uint *p, uint v) { return __nvvm_atom_min_gen_ui(p, v); }
DEVICE uint atomic_max(uint *p, uint v) { return __nvvm_atom_max_gen_ui(p, v); }
DEVICE uint atomic_cmpxchg(uint *p, uint v, uint n) { return (uint)__nvvm_atom_cas_gen_i((int *)p, (int)v, (int)n); }

/* Shuffles between the lanes of a warp; the room that OpenCL needs for them stays unused. */
#define WARP_LANE (GROUP_IDX & (WARP_SIZE - 1))
#define WARP_DOWN(n) (WARP_LANE + (n) < WARP_SIZE ? WARP_LANE + (n) : WARP_LANE)
#define WARP_UP(n) (WARP_LANE - (n) >= 0 ? WARP_LANE - (n) : WARP_LANE)
DEVICE uint warp_take(uint x, int lane) { return (uint)__nvvm_shfl_sync_idx_i32(0xFFFFFFFFu, (int)x, lane, 31); }
DEVICE ulong warp_take_wide(ulong x, int lane) { return (ulong)warp_take((uint)(x >> 32), lane) << 32 | warp_take((uint)x, lane); }
#define warp_shuffle_u(x, lane, room) warp_take(x, lane)
#define warp_shuffle_i(x, lane, room) ((int)warp_take((uint)(x), lane))
#define warp_shuffle_f(x, lane, room) f_from_bits(warp_take(f_bits(x), lane))
#define warp_shuffle_l(x, lane, room) ((long)warp_take_wide((ulong)(x), lane))
#define warp_shuffle_ul(x, lane, room) warp_take_wide(x, lane)
#define warp_shuffle_d(x, lane, room) d_from_bits(warp_take_wide(d_bits(x), lane))
#define warp_shuffle_down_u(x, n, room) warp_shuffle_u(x, WARP_DOWN(n), room)
#define warp_shuffle_down_i(x, n, room) warp_shuffle_i(x, WARP_DOWN(n), room)
#define warp_shuffle_down_f(x, n, room) warp_shuffle_f(x, WARP_DOWN(n), room)
#define warp_shuffle_down_l(x, n, room) warp_shuffle_l(x, WARP_DOWN(n), room)
#define warp_shuffle_down_ul(x, n, room) warp_shuffle_ul(x, WARP_DOWN(n), room)
#define warp_shuffle_down_d(x, n, room) warp_shuffle_d(x, WARP_DOWN(n), room)
#define warp_shuffle_up_u(x, n, room) warp_shuffle_u(x, WARP_UP(n), room)
#define warp_shuffle_up_i(x, n, room) warp_shuffle_i(x, WARP_UP(n), room)
#define warp_shuffle_up_f(x, n, room) warp_shuffle_f(x, WARP_UP(n), room)
#define warp_shuffle_up_l(x, n, room) warp_shuffle_l(x, WARP_UP(n), room)
#define warp_shuffle_up_ul(x, n, room) warp_shuffle_ul(x, WARP_UP(n), room)
#define warp_shuffle_up_d(x, n, room) warp_shuffle_d(x, WARP_UP(n), room)
#define warp_shuffle_xor_u(x, n, room) warp_shuffle_u(x, WARP_LANE ^ (n), room)
#define warp_shuffle_xor_i(x, n, room) warp_shuffle_i(x, WARP_LANE ^ (n), room)
#define warp_shuffle_xor_f(x, n, room) warp_shuffle_f(x, WARP_LANE ^ (n), room)
#define warp_shuffle_xor_l(x, n, room) warp_shuffle_l(x, WARP_LANE ^ (n), room)
#define warp_shuffle_xor_ul(x, n, room) warp_shuffle_ul(x, WARP_LANE ^ (n), room)
#define warp_shuffle_xor_d(x, n, room) warp_shuffle_d(x, WARP_LANE ^ (n), room)
