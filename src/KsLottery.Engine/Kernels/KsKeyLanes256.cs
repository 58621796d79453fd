using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Kernels;

/// <summary>AVX2.</summary>
/// <remarks>The keys that are stored are picked one by one, without a branch.</remarks>
internal readonly struct KsKeyLanes256<TKey> : IKsKeyLanes<Vector256<TKey>, TKey> where TKey : unmanaged, IBinaryInteger<TKey>
{
    public static int Count => Vector256<TKey>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<TKey> Load(ref readonly TKey source, nint offset) => Vector256.LoadUnsafe(in source, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<TKey> keys, ref TKey target, nint offset) => keys.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<TKey> Broadcast(TKey key) => Vector256.Create(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<TKey> KeysOf(Vector256<TKey> bits)
    {
        if (typeof(TKey) == typeof(int))
        {
            Vector256<int> value = (bits.AsSingle() + Vector256<float>.Zero).AsInt32();  // -0 + 0 = +0
            return (value ^ (value >> 31 >>> 1)).As<int, TKey>();
        }
        Vector256<short> half = bits.AsInt16(), sign = half >> 15;
        return (((half & Vector256.Create((short)0x7fff)) ^ sign) - sign).As<short, TKey>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<TKey> AddSquares(Vector256<TKey> sums, Vector256<TKey> keys) => sums + keys * keys;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static TKey Sum(Vector256<TKey> keys) => Vector256.Sum(keys);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountLess(Vector256<TKey> x, Vector256<TKey> y) =>
        BitOperations.PopCount(Vector256.LessThan(x, y).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountEqual(Vector256<TKey> x, Vector256<TKey> y) =>
        BitOperations.PopCount(Vector256.Equals(x, y).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<TKey> IncrementWhereLess(Vector256<TKey> counts, Vector256<TKey> x, Vector256<TKey> y) =>
        counts - Vector256.LessThan(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<TKey> DecrementWhereLess(Vector256<TKey> counts, Vector256<TKey> x, Vector256<TKey> y) =>
        counts + Vector256.LessThan(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WhereOutside(Vector256<TKey> values, Vector256<TKey> low, Vector256<TKey> high) =>
        (Vector256.LessThan(values, low) | Vector256.GreaterThan(values, high)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreLess(Vector256<TKey> keys, Vector256<TKey> pivot, ref TKey target) =>
        StoreWhere(Vector256.LessThan(keys, pivot).ExtractMostSignificantBits(), keys, ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreGreater(Vector256<TKey> keys, Vector256<TKey> pivot, ref TKey target) =>
        StoreWhere(Vector256.GreaterThan(keys, pivot).ExtractMostSignificantBits(), keys, ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreDifferent(Vector256<TKey> x, Vector256<TKey> y, ref TKey targetX, ref TKey targetY)
    {
        uint equal = Vector256.Equals(x, y).ExtractMostSignificantBits();
        if (equal != 0)
        {
            StoreWhere(~equal, x, ref targetX);
            return StoreWhere(~equal, y, ref targetY);
        }
        x.StoreUnsafe(ref targetX);
        y.StoreUnsafe(ref targetY);
        return Vector256<TKey>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int StoreWhere(uint kept, Vector256<TKey> keys, ref TKey target)
    {
        int count = 0;
        for (int i = 0; i < Vector256<TKey>.Count; i++, kept >>= 1)
        {
            Unsafe.Add(ref target, count) = keys[i];
            count += (int)(kept & 1);
        }
        return count;
    }
}
