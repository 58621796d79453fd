/* The C dialect of the kernels as OpenCL C 1.2. Nothing optional is asked for; a kernel that computes in double precision says so by USES_DOUBLE. */
#pragma OPENCL FP_CONTRACT OFF
#ifdef USES_DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

#define KERNEL(lanes) __kernel __attribute__((reqd_work_group_size(lanes, 1, 1)))
/* Neither static, over which PoCL 3.1's compiler crashes, nor always inline, over which oclgrind does; one text has one kernel. */
#define FUNCTION
#define GLOBAL __global
#define SHARED __local
#define SHARED_MEMORY __local
#define GRID_IDX ((int)get_group_id(0))
#define GRID_DIM ((int)get_num_groups(0))
#define GROUP_IDX ((int)get_local_id(0))
#define WARP_SIZE 32
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define F_INFINITY INFINITY
#define F_NAN NAN

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

static inline int i_min(int x, int y) { return x < y ? x : y; }
static inline int i_max(int x, int y) { return x > y ? x : y; }
static inline int i_abs(int x) { return x < 0 ? i_sub(0, x) : x; }
static inline uint u_min(uint x, uint y) { return x < y ? x : y; }
static inline uint u_max(uint x, uint y) { return x > y ? x : y; }
static inline long l_min(long x, long y) { return x < y ? x : y; }
static inline long l_max(long x, long y) { return x > y ? x : y; }
static inline long l_abs(long x) { return x < 0 ? l_sub(0, x) : x; }
static inline ulong ul_min(ulong x, ulong y) { return x < y ? x : y; }
static inline ulong ul_max(ulong x, ulong y) { return x > y ? x : y; }
static inline int u_popcount(uint x) { return (int)popcount(x); }
static inline int u_clz(uint x) { return (int)clz(x); }
static inline int u_ctz(uint x) { return x == 0 ? 32 : 31 - (int)clz(x & (0u - x)); }
static inline int u_log2(uint x) { return 31 - (int)clz(x | 1u); }
static inline int ul_popcount(ulong x) { return (int)popcount(x); }
static inline int ul_clz(ulong x) { return (int)clz(x); }
static inline int ul_ctz(ulong x) { return x == 0 ? 64 : 63 - (int)clz(x & (0UL - x)); }
static inline int ul_log2(ulong x) { return 63 - (int)clz(x | 1UL); }

/* Towards zero, saturating; NaN becomes 0. */
static inline int f_to_i(float x) { return x != x ? 0 : convert_int_sat_rtz(x); }
static inline uint f_to_u(float x) { return x != x ? 0 : convert_uint_sat_rtz(x); }
static inline long f_to_l(float x) { return x != x ? 0 : convert_long_sat_rtz(x); }
static inline ulong f_to_ul(float x) { return x != x ? 0 : convert_ulong_sat_rtz(x); }

static inline uint f_bits(float x) { return as_uint(x); }
static inline float f_from_bits(uint x) { return as_float(x); }
static inline float f_fma(float x, float y, float z) { return fma(x, y, z); }
static inline float f_sqrt(float x) { return sqrt(x); }
static inline float f_abs(float x) { return fabs(x); }
static inline float f_floor(float x) { return floor(x); }
static inline float f_ceil(float x) { return ceil(x); }
static inline float f_trunc(float x) { return trunc(x); }
static inline float f_round(float x) { return rint(x); }
static inline bool f_isnan(float x) { return x != x; }
static inline bool f_isinf(float x) { return (as_uint(x) & 0x7FFFFFFFu) == 0x7F800000u; }
static inline bool f_isfinite(float x) { return (as_uint(x) & 0x7F800000u) != 0x7F800000u; }
/* A NaN wins, and -0 is less than +0 (IEEE 754-2019, minimum and maximum). */
static inline float f_min(float x, float y) { return x != x ? x : y != y ? y : x < y ? x : y < x ? y : as_float(as_uint(x) | as_uint(y)); }
static inline float f_max(float x, float y) { return x != x ? x : y != y ? y : x > y ? x : y > x ? y : as_float(as_uint(x) & as_uint(y)); }

#ifdef USES_DOUBLE
#define D_INFINITY ((double)INFINITY)
#define D_NAN ((double)NAN)
static inline int d_to_i(double x) { return x != x ? 0 : convert_int_sat_rtz(x); }
static inline uint d_to_u(double x) { return x != x ? 0 : convert_uint_sat_rtz(x); }
static inline long d_to_l(double x) { return x != x ? 0 : convert_long_sat_rtz(x); }
static inline ulong d_to_ul(double x) { return x != x ? 0 : convert_ulong_sat_rtz(x); }
static inline ulong d_bits(double x) { return as_ulong(x); }
static inline double d_from_bits(ulong x) { return as_double(x); }
static inline double d_fma(double x, double y, double z) { return fma(x, y, z); }
static inline double d_sqrt(double x) { return sqrt(x); }
static inline double d_abs(double x) { return fabs(x); }
static inline double d_floor(double x) { return floor(x); }
static inline double d_ceil(double x) { return ceil(x); }
static inline double d_trunc(double x) { return trunc(x); }
static inline double d_round(double x) { return rint(x); }
static inline bool d_isnan(double x) { return x != x; }
static inline bool d_isinf(double x) { return (as_ulong(x) & 0x7FFFFFFFFFFFFFFFUL) == 0x7FF0000000000000UL; }
static inline bool d_isfinite(double x) { return (as_ulong(x) & 0x7FF0000000000000UL) != 0x7FF0000000000000UL; }
static inline double d_min(double x, double y) { return x != x ? x : y != y ? y : x < y ? x : y < x ? y : as_double(as_ulong(x) | as_ulong(y)); }
static inline double d_max(double x, double y) { return x != x ? x : y != y ? y : x > y ? x : y > x ? y : as_double(as_ulong(x) & as_ulong(y)); }
#endif

/* Shuffles through shared memory; all lanes of a group take part. */
static inline ulong warp_exchange(ulong x, int lane, __local ulong* room)
{
    room[GROUP_IDX] = x;
    BARRIER();
    ulong other = room[(GROUP_IDX & ~(WARP_SIZE - 1)) + lane];
    BARRIER();
    return other;
}
#define WARP_LANE (GROUP_IDX & (WARP_SIZE - 1))
#define WARP_DOWN(n) (WARP_LANE + (n) < WARP_SIZE ? WARP_LANE + (n) : WARP_LANE)
#define WARP_UP(n) (WARP_LANE - (n) >= 0 ? WARP_LANE - (n) : WARP_LANE)
#define warp_shuffle_u(x, lane, room) ((uint)warp_exchange((ulong)(x), lane, room))
#define warp_shuffle_i(x, lane, room) ((int)(uint)warp_exchange((ulong)(uint)(x), lane, room))
#define warp_shuffle_f(x, lane, room) (as_float((uint)warp_exchange((ulong)as_uint((float)(x)), lane, room)))
#define warp_shuffle_l(x, lane, room) ((long)warp_exchange((ulong)(x), lane, room))
#define warp_shuffle_ul(x, lane, room) (warp_exchange(x, lane, room))
#define warp_shuffle_d(x, lane, room) (as_double(warp_exchange(as_ulong((double)(x)), lane, room)))
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
#define warp_shuffle_xor_u(x, mask, room) warp_shuffle_u(x, WARP_LANE ^ (mask), room)
#define warp_shuffle_xor_i(x, mask, room) warp_shuffle_i(x, WARP_LANE ^ (mask), room)
#define warp_shuffle_xor_f(x, mask, room) warp_shuffle_f(x, WARP_LANE ^ (mask), room)
#define warp_shuffle_xor_l(x, mask, room) warp_shuffle_l(x, WARP_LANE ^ (mask), room)
#define warp_shuffle_xor_ul(x, mask, room) warp_shuffle_ul(x, WARP_LANE ^ (mask), room)
#define warp_shuffle_xor_d(x, mask, room) warp_shuffle_d(x, WARP_LANE ^ (mask), room)
