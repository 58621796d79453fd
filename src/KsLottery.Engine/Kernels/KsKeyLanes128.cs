using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Kernels;

/// <summary>128-bit vectors of any processor.</summary>
/// <remarks>The keys that are stored are picked one by one, without a branch.</remarks>
internal readonly struct KsKeyLanes128<TKey> : IKsKeyLanes<Vector128<TKey>, TKey> where TKey : unmanaged, IBinaryInteger<TKey>
{
    public static int Count => Vector128<TKey>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<TKey> Load(ref readonly TKey source, nint offset) => Vector128.LoadUnsafe(in source, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<TKey> keys, ref TKey target, nint offset) => keys.StoreUnsafe(ref target, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector128<TKey> Broadcast(TKey key) => Vector128.Create(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<TKey> KeysOf(Vector128<TKey> bits)
    {
        if (typeof(TKey) == typeof(int))
        {
            Vector128<int> value = (bits.AsSingle() + Vector128<float>.Zero).AsInt32();  // -0 + 0 = +0
            return (value ^ (value >> 31 >>> 1)).As<int, TKey>();
        }
        Vector128<short> half = bits.AsInt16(), sign = half >> 15;
        return (((half & Vector128.Create((short)0x7fff)) ^ sign) - sign).As<short, TKey>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<TKey> AddSquares(Vector128<TKey> sums, Vector128<TKey> keys) => sums + keys * keys;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static TKey Sum(Vector128<TKey> keys) => Vector128.Sum(keys);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountLess(Vector128<TKey> x, Vector128<TKey> y) =>
        BitOperations.PopCount(Vector128.LessThan(x, y).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountEqual(Vector128<TKey> x, Vector128<TKey> y) =>
        BitOperations.PopCount(Vector128.Equals(x, y).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<TKey> IncrementWhereLess(Vector128<TKey> counts, Vector128<TKey> x, Vector128<TKey> y) =>
        counts - Vector128.LessThan(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<TKey> DecrementWhereLess(Vector128<TKey> counts, Vector128<TKey> x, Vector128<TKey> y) =>
        counts + Vector128.LessThan(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WhereOutside(Vector128<TKey> values, Vector128<TKey> low, Vector128<TKey> high) =>
        (Vector128.LessThan(values, low) | Vector128.GreaterThan(values, high)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreLess(Vector128<TKey> keys, Vector128<TKey> pivot, ref TKey target) =>
        StoreWhere(Vector128.LessThan(keys, pivot).ExtractMostSignificantBits(), keys, ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreGreater(Vector128<TKey> keys, Vector128<TKey> pivot, ref TKey target) =>
        StoreWhere(Vector128.GreaterThan(keys, pivot).ExtractMostSignificantBits(), keys, ref target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreDifferent(Vector128<TKey> x, Vector128<TKey> y, ref TKey targetX, ref TKey targetY)
    {
        uint equal = Vector128.Equals(x, y).ExtractMostSignificantBits();
        if (equal != 0)
        {
            StoreWhere(~equal, x, ref targetX);
            return StoreWhere(~equal, y, ref targetY);
        }
        x.StoreUnsafe(ref targetX);
        y.StoreUnsafe(ref targetY);
        return Vector128<TKey>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int StoreWhere(uint kept, Vector128<TKey> keys, ref TKey target)
    {
        int count = 0;
        for (int i = 0; i < Vector128<TKey>.Count; i++, kept >>= 1)
        {
            Unsafe.Add(ref target, count) = keys[i];
            count += (int)(kept & 1);
        }
        return count;
    }
}
