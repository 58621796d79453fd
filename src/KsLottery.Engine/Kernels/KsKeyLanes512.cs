using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KsLottery.Engine.Kernels;

/// <summary>AVX-512 (F, BW, VBMI2).</summary>
internal readonly struct KsKeyLanes512<TKey> : IKsKeyLanes<Vector512<TKey>, TKey> where TKey : unmanaged, IBinaryInteger<TKey>
{
    public static int Count => Vector512<TKey>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<TKey> Load(ref readonly TKey source, nint offset) => Vector512.LoadUnsafe(in source, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<TKey> keys, ref TKey target, nint offset) => keys.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<TKey> Broadcast(TKey key) => Vector512.Create(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<TKey> KeysOf(Vector512<TKey> bits)
    {
        if (typeof(TKey) == typeof(int))
        {
            Vector512<int> value = (bits.AsSingle() + Vector512<float>.Zero).AsInt32();  // -0 + 0 = +0
            return (value ^ (value >> 31 >>> 1)).As<int, TKey>();
        }
        Vector512<short> half = bits.AsInt16(), sign = half >> 15;
        return (((half & Vector512.Create((short)0x7fff)) ^ sign) - sign).As<short, TKey>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<TKey> AddSquares(Vector512<TKey> sums, Vector512<TKey> keys) => sums + keys * keys;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static TKey Sum(Vector512<TKey> keys) => Vector512.Sum(keys);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountLess(Vector512<TKey> x, Vector512<TKey> y) =>
        BitOperations.PopCount(Vector512.LessThan(x, y).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountEqual(Vector512<TKey> x, Vector512<TKey> y) =>
        BitOperations.PopCount(Vector512.Equals(x, y).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<TKey> IncrementWhereLess(Vector512<TKey> counts, Vector512<TKey> x, Vector512<TKey> y) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, y), counts + Vector512<TKey>.One, counts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<TKey> DecrementWhereLess(Vector512<TKey> counts, Vector512<TKey> x, Vector512<TKey> y) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, y), counts - Vector512<TKey>.One, counts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WhereOutside(Vector512<TKey> values, Vector512<TKey> low, Vector512<TKey> high) =>
        (uint)(Vector512.LessThan(values, low) | Vector512.GreaterThan(values, high)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreLess(Vector512<TKey> keys, Vector512<TKey> pivot, ref TKey target) =>
        StoreWhere(Vector512.LessThan(keys, pivot), keys, ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreGreater(Vector512<TKey> keys, Vector512<TKey> pivot, ref TKey target) =>
        StoreWhere(Vector512.GreaterThan(keys, pivot), keys, ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreDifferent(Vector512<TKey> x, Vector512<TKey> y, ref TKey targetX, ref TKey targetY)
    {
        Vector512<TKey> different = ~Vector512.Equals(x, y);
        StoreWhere(different, x, ref targetX);
        return StoreWhere(different, y, ref targetY);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int StoreWhere(Vector512<TKey> kept, Vector512<TKey> keys, ref TKey target)
    {
        if (typeof(TKey) == typeof(int))
            Avx512F.Compress(Vector512<int>.Zero, kept.AsInt32(), keys.AsInt32()).As<int, TKey>().StoreUnsafe(ref target);
        else
            Avx512Vbmi2.Compress(Vector512<short>.Zero, kept.AsInt16(), keys.AsInt16()).As<short, TKey>().StoreUnsafe(ref target);
        return BitOperations.PopCount(kept.ExtractMostSignificantBits());
    }
}
