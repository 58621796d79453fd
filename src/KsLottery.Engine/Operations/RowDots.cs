using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Kernels;

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

    [ThreadStatic] private static AlignedScratch<float> t_widened;

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
    public static void Multiply(int rows, int inputs, ReadOnlySpan<float> x, CpuMemory weight, long start, int columns, Span<float> y, int outputs, bool accumulate)
    {
        PanelSource source = new(weight, start, inputs);
        int needed = source.ScratchLength(WeightRows, inputs);
        if (t_widened.Length < needed) t_widened = new(needed);
        for (int column = 0; column < columns; column += WeightRows)
        {
            int count = Math.Min(WeightRows, columns - column);
            ref float w = ref Unsafe.AsRef(in source.GetBlock(column, 0, count, inputs, needed == 0 ? [] : t_widened.Span, out _));
            for (int row = 0; row < rows; row++)
            {
                ref float left = ref Unsafe.AsRef(in x[row * inputs]);
                Span<float> target = y.Slice((row * outputs) + column, count);
                Vector128<float> sums = count == WeightRows ? Dot4(ref left, ref w, inputs) : DotsOneByOne(ref left, ref w, inputs, count);
                for (int i = 0; i < count; i++) target[i] = accumulate ? target[i] + sums[i] : sums[i];
            }
        }
    }

    /// <summary>One row of x with four of W.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<float> Dot4(ref float x, ref float w, int inputs)
    {
        ref float w1 = ref Unsafe.Add(ref w, inputs), w2 = ref Unsafe.Add(ref w1, inputs), w3 = ref Unsafe.Add(ref w2, inputs);
        Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default;
        int k = 0;
        for (; k + Lanes <= inputs; k += Lanes)
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
        return Vector128.Create(Total(a0, b0, ref x, ref w, k, inputs), Total(a1, b1, ref x, ref w1, k, inputs),
            Total(a2, b2, ref x, ref w2, k, inputs), Total(a3, b3, ref x, ref w3, k, inputs));
    }

    private static Vector128<float> DotsOneByOne(ref float x, ref float w, int inputs, int count)
    {
        Vector128<float> sums = default;
        for (int i = 0; i < count; i++)
        {
            ref float row = ref Unsafe.Add(ref w, (nint)i * inputs);
            Vector256<float> a = default, b = default;
            int k = 0;
            for (; k + Lanes <= inputs; k += Lanes)
            {
                a = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, (nuint)k), Vector256.LoadUnsafe(ref row, (nuint)k), a);
                b = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, (nuint)k + 8), Vector256.LoadUnsafe(ref row, (nuint)k + 8), b);
            }
            sums = sums.WithElement(i, Total(a, b, ref x, ref row, k, inputs));
        }
        return sums;
    }

    /// <summary>Adds what lies behind the last sixteen to its chains, and the chains in a fixed tree.</summary>
    private static float Total(Vector256<float> low, Vector256<float> high, ref float x, ref float w, int k, int inputs)
    {
        if (k < inputs)
        {
            Span<float> left = stackalloc float[Lanes], right = stackalloc float[Lanes];
            left.Clear();
            right.Clear();
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref x, k), inputs - k).CopyTo(left);
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref w, k), inputs - k).CopyTo(right);
            low = Vector256.MultiplyAddEstimate(Vector256.Create<float>(left), Vector256.Create<float>(right), low);
            high = Vector256.MultiplyAddEstimate(Vector256.Create<float>(left[8..]), Vector256.Create<float>(right[8..]), high);
        }
        Vector256<float> eight = low + high;
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
