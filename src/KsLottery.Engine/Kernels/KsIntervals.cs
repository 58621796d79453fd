using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Pairs of elements as intervals, from the value before to the value after: a difference of k needs a point that at least k
/// intervals of one direction cover. Leaves out those that no such point can lie in.</summary>
internal sealed class KsIntervals(int width)
{
    /// <summary>Values are cut off here before they become cell numbers.</summary>
    public const float MaxCell = 1 << 30;

    /// <summary>An odd multiplier for each round, so that cells that met in one are apart in the next.</summary>
    private static readonly uint[] Multipliers = [0x9E37_79B1, 0x85EB_CA6B, 0xC2B2_AE35, 0x27D4_EB2F];

    private readonly int[] _from = new int[width + Vector256<float>.Count], _to = new int[width + Vector256<float>.Count],
        _further = new int[width + Vector256<float>.Count];
    private ushort[] _table = [];

    public float[] Before { get; } = new float[width + Vector256<float>.Count];

    public float[] After { get; } = new float[width + Vector256<float>.Count];

    public static int Rounds => Multipliers.Length;

    /// <summary>The number of the cell that a value lies in: monotone in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Cell(float value, float scale) => (int)MathF.Max(MathF.Min(value * scale, MaxCell), -MaxCell);

    /// <summary>Keeps the intervals that touch a cell which at least so many of one direction touch, and perhaps others. Returns how
    /// many.</summary>
    /// <param name="count">How many there are, in [1, 65,535].</param>
    /// <param name="scale">Cells for each unit of value.</param>
    /// <param name="least">How many of one direction.</param>
    /// <param name="round">Less than <see cref="Rounds"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Keep(int count, float scale, int least, int round)
    {
        int bits = Math.Max(8, BitOperations.Log2((uint)count) + 3), shift = 32 - bits, enough = least - 1;
        uint multiplier = Multipliers[round];
        SetSlots(count, scale, multiplier, shift);
        if (_table.Length < 2 << bits) _table = new ushort[2 << bits];
        else _table.AsSpan(0, 2 << bits).Clear();
        ref ushort table = ref _table[0];
        ref int froms = ref _from[0], tos = ref _to[0], further = ref _further[0];
        for (int i = 0; i < count; i++)
        {
            Unsafe.Add(ref table, Unsafe.Add(ref froms, i))++;
            Unsafe.Add(ref table, Unsafe.Add(ref tos, i)) += (ushort)(Unsafe.Add(ref further, i) & 1);
            if (Unsafe.Add(ref further, i) > 1) CountBetween(i, scale, multiplier, shift);
        }
        ref float before = ref Before[0], after = ref After[0];
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            int from = Unsafe.Add(ref froms, i), to = Unsafe.Add(ref tos, i);
            int most = Math.Max(Math.Max(Unsafe.Add(ref table, from), Unsafe.Add(ref table, from ^ 1)),
                Math.Max(Unsafe.Add(ref table, to), Unsafe.Add(ref table, to ^ 1)));
            if (Unsafe.Add(ref further, i) > 1) most = Math.Max(most, MostBetween(i, scale, multiplier, shift));
            Unsafe.Add(ref before, kept) = Unsafe.Add(ref before, i);
            Unsafe.Add(ref after, kept) = Unsafe.Add(ref after, i);
            kept += (int)((uint)(enough - most) >> 31);
        }
        return kept;
    }

    /// <summary>Takes the slots of both ends, of the interval's direction; and whether they lie in different cells, 1, and others between
    /// them, 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetSlots(int count, float scale, uint multiplier, int shift)
    {
        Vector256<uint> multipliers = Vector256.Create(multiplier), one = Vector256<uint>.One;
        Vector256<float> limit = Vector256.Create(MaxCell);
        ref float before = ref Before[0], after = ref After[0];
        ref int froms = ref _from[0], tos = ref _to[0], further = ref _further[0];
        for (int i = 0; i < count; i += Vector256<float>.Count)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref before, (nuint)i), b = Vector256.LoadUnsafe(ref after, (nuint)i);
            Vector256<uint> isDown = (b - a).AsUInt32() >>> 31;
            Vector256<int> from = Cells(a), to = Cells(b);
            (((from.AsUInt32() * multipliers) >>> shift << 1) | isDown).AsInt32().StoreUnsafe(ref froms, (nuint)i);
            (((to.AsUInt32() * multipliers) >>> shift << 1) | isDown).AsInt32().StoreUnsafe(ref tos, (nuint)i);
            Vector256<uint> isOther = ~Vector256.Equals(from, to).AsUInt32() & one;
            Vector256<uint> isLong = Vector256.GreaterThan(Vector256.Abs(to - from), Vector256<int>.One).AsUInt32() & (one + one);
            (isOther | isLong).AsInt32().StoreUnsafe(ref further, (nuint)i);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        Vector256<int> Cells(Vector256<float> value) =>
            Vector256.ConvertToInt32Native(Vector256.MaxNative(Vector256.MinNative(value * scale, limit), -limit));
    }

    /// <summary>Counts the cells between both ends of an interval.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CountBetween(int i, float scale, uint multiplier, int shift)
    {
        int from = Cell(Before[i], scale), to = Cell(After[i], scale), direction = _from[i] & 1;
        for (int cell = Math.Min(from, to) + 1; cell < Math.Max(from, to); cell++)
            _table[(int)((uint)cell * multiplier >> shift) * 2 + direction]++;
    }

    /// <summary>The most of one direction that touch a cell between both ends of an interval.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int MostBetween(int i, float scale, uint multiplier, int shift)
    {
        int from = Cell(Before[i], scale), to = Cell(After[i], scale), most = 0;
        for (int cell = Math.Min(from, to) + 1; cell < Math.Max(from, to); cell++)
        {
            int slot = (int)((uint)cell * multiplier >> shift) * 2;
            most = Math.Max(most, Math.Max(_table[slot], _table[slot + 1]));
        }
        return most;
    }

    /// <summary>Offers the difference at each end at which the intervals alone may make one as great as the best.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Offer(int count, ref KsBest best)
    {
        int lanes = Vector256<float>.Count, whole = (count + lanes - 1) / lanes * lanes;
        Before.AsSpan(count, whole - count).Fill(float.PositiveInfinity);
        After.AsSpan(count, whole - count).Fill(float.PositiveInfinity);
        ref float before = ref Before[0], after = ref After[0];
        for (int i = 0; i < count; i++)
        {
            // The difference rises at ends before, and falls at ends after.
            float high = Unsafe.Add(ref before, i), low = Unsafe.Add(ref after, i);
            Vector256<float> highs = Vector256.Create(high), lows = Vector256.Create(low);
            Vector256<int> atHigh = default, atLow = default;
            for (int k = 0; k < whole; k += lanes)
            {
                Vector256<float> a = Vector256.LoadUnsafe(ref before, (nuint)k), b = Vector256.LoadUnsafe(ref after, (nuint)k);
                atHigh += Vector256.LessThanOrEqual(b, highs).AsInt32() - Vector256.LessThanOrEqual(a, highs).AsInt32();
                atLow += Vector256.LessThanOrEqual(b, lows).AsInt32() - Vector256.LessThanOrEqual(a, lows).AsInt32();
            }
            int rise = Vector256.Sum(atHigh), fall = Vector256.Sum(atLow);
            if (rise >= best.Count) best.Offer(rise, SortableKey.FromSingle(high));
            if (-fall >= best.Count) best.Offer(fall, SortableKey.FromSingle(low));
        }
    }
}
