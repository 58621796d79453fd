using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>y = x·Wᵀ for the few rows that generation has: each row of W is read once, for all rows of x.</summary>
/// <remarks>
/// An element is the sum of sixteen chains of multiply-adds, products k mod 16 of the row in each, added in a fixed tree; so it depends
/// on its own two rows alone, not on how many others there are, and not on the vector width or threads.
/// </remarks>
internal static class RowDots
{
    /// <summary>The most rows of x that this is for; a packed product is faster beyond.</summary>
    public const int MaxRows = 8;

    private const int Lanes = 16, WeightRows = 4;

    /// <summary>Rows up to this long end before the processor sees that more follow, and are fetched ahead.</summary>
    private const int ShortRow = 1024;

    /// <summary>How far ahead of its one row W is fetched: the processor's own fetching ends with each page. Measured with 1 to 4 KiB: F32
    /// 12 to 26 % faster than without, BF16 27 to 44 %, as fast as a plain read (Sapphire Rapids, rows of 288 to 4096).</summary>
    private const int FetchedBytes = 4096;

    /// <summary>About so many elements of W are looked up at a time.</summary>
    private const int BlockElements = 1 << 16;

    [ThreadStatic] private static AlignedScratch<float> _widened;

    /// <summary>Computes a range of columns of y.</summary>
    /// <param name="rows">M, at most 8.</param>
    /// <param name="inputs">K.</param>
    /// <param name="x">(M, K).</param>
    /// <param name="weight">The memory of W.</param>
    /// <param name="start">The first element of the range's first row of W.</param>
    /// <param name="columns">Rows of W in the range.</param>
    /// <param name="y">The range's first element of the first row of y, and on.</param>
    /// <param name="outputs">Elements from one row of y to the next.</param>
    /// <param name="accumulate">Whether to add to y.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int rows, int inputs, ReadOnlySpan<float> x, CpuMemory weight, long start, int columns, Span<float> y,
        int outputs, bool accumulate)
    {
        if (rows == 1 && inputs % Lanes == 0 && weight.ElementType is ElementType.F32 or ElementType.BF16)
        {
            if (weight.ElementType == ElementType.F32) MultiplyRow<SingleLanes>(x, weight, start, columns, y, accumulate);
            else MultiplyRow<BFloat16Lanes>(x, weight, start, columns, y, accumulate);
            return;
        }
        PanelSource source = new(weight, start, inputs);
        int needed = source.ScratchLength(WeightRows, inputs), whole = inputs & -Lanes, rest = inputs - whole;
        if (_widened.Length < needed) _widened = new(needed);
        Span<float> xTails = stackalloc float[MaxRows * Lanes], wTails = stackalloc float[WeightRows * Lanes];
        xTails.Clear();
        wTails.Clear();
        for (int row = 0; row < rows; row++) x.Slice((row * inputs) + whole, rest).CopyTo(xTails[(row * Lanes)..]);

        for (int column = 0; column < columns; column += WeightRows)
        {
            int count = Math.Min(WeightRows, columns - column);
            ref float w = ref Unsafe.AsRef(in source.GetBlock(column, 0, count, inputs, needed == 0 ? [] : _widened.Span, out _));
            for (int i = 0; i < count && rest > 0; i++)
                MemoryMarshal.CreateSpan(ref Unsafe.Add(ref w, ((nint)i * inputs) + whole), rest).CopyTo(wTails[(i * Lanes)..]);
            for (int i = 0; inputs <= ShortRow && i < WeightRows * inputs; i += Lanes)
                Interop.Cache.Prefetch(in w, (WeightRows * inputs) + i);
            for (int row = 0; row < rows; row++)
            {
                Vector128<float> sums = Dot4(ref Unsafe.AsRef(in x[row * inputs]), ref w, inputs, count, whole, ref xTails[row * Lanes],
                    ref wTails[0], rest > 0);
                Span<float> target = y.Slice((row * outputs) + column, count);
                for (int i = 0; i < count; i++) target[i] = accumulate ? target[i] + sums[i] : sums[i];
            }
        }
    }

    /// <summary>One row of x with each of W's where they lie, in the chains and the tree of <see cref="Dot4"/>; read as one stream, memory
    /// is faster than as four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRow<TLanes>(ReadOnlySpan<float> x, CpuMemory weight, long start, int columns, Span<float> y,
        bool accumulate) where TLanes : struct, IStoredLanes
    {
        ref float first = ref MemoryMarshal.GetReference(x);
        int block = Math.Max(1, BlockElements / x.Length), size = weight.ElementType.ByteSize();
        for (int column = 0; column < columns;)
        {
            int count = Math.Min(block, columns - column);
            ref byte w = ref MemoryMarshal.GetReference(weight.GetBytes(start + ((long)column * x.Length), count * x.Length));
            for (int end = column + count; column < end; column++, w = ref Unsafe.Add(ref w, x.Length * size))
            {
                Vector256<float> a = default, b = default;
                for (nint k = 0; k < x.Length; k += Lanes)
                {
                    Interop.Cache.Prefetch(in w, (k * size) + FetchedBytes);
                    a = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref first, (nuint)k), TLanes.Load(in w, k), a);
                    b = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref first, (nuint)k + 8), TLanes.Load(in w, k + 8), b);
                }
                float sum = Total(a + b);
                y[column] = accumulate ? y[column] + sum : sum;
            }
        }
    }

    /// <summary>One row of x with up to four of W, their tails padded to sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<float> Dot4(ref float x, ref float w, nint stride, int count, nint whole, ref float xTail, ref float wTails,
        bool hasTail)
    {
        ref float w1 = ref Unsafe.Add(ref w, count > 1 ? stride : 0), w2 = ref Unsafe.Add(ref w, count > 2 ? 2 * stride : 0),
            w3 = ref Unsafe.Add(ref w, count > 3 ? 3 * stride : 0);
        Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default;
        while (true)
        {
            for (nint k = 0; k < whole; k += Lanes)
            {
                Vector256<float> low = Vector256.LoadUnsafe(ref x, (nuint)k), high = Vector256.LoadUnsafe(ref x, (nuint)k + 8);
                a0 = Vector256.MultiplyAddEstimate(low, Vector256.LoadUnsafe(ref w, (nuint)k), a0);
                b0 = Vector256.MultiplyAddEstimate(high, Vector256.LoadUnsafe(ref w, (nuint)k + 8), b0);
                a1 = Vector256.MultiplyAddEstimate(low, Vector256.LoadUnsafe(ref w1, (nuint)k), a1);
                b1 = Vector256.MultiplyAddEstimate(high, Vector256.LoadUnsafe(ref w1, (nuint)k + 8), b1);
                a2 = Vector256.MultiplyAddEstimate(low, Vector256.LoadUnsafe(ref w2, (nuint)k), a2);
                b2 = Vector256.MultiplyAddEstimate(high, Vector256.LoadUnsafe(ref w2, (nuint)k + 8), b2);
                a3 = Vector256.MultiplyAddEstimate(low, Vector256.LoadUnsafe(ref w3, (nuint)k), a3);
                b3 = Vector256.MultiplyAddEstimate(high, Vector256.LoadUnsafe(ref w3, (nuint)k + 8), b3);
            }
            if (!hasTail) return Vector128.Create(Total(a0 + b0), Total(a1 + b1), Total(a2 + b2), Total(a3 + b3));
            (hasTail, whole) = (false, Lanes);
            x = ref xTail;
            w = ref wTails;
            w1 = ref Unsafe.Add(ref w, Lanes);
            w2 = ref Unsafe.Add(ref w1, Lanes);
            w3 = ref Unsafe.Add(ref w2, Lanes);
        }
    }

    /// <summary>The sum of eight in a fixed tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Total(Vector256<float> eight)
    {
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        four += Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return four.ToScalar() + four.GetElement(1);
    }
}
