using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Sums over a range.</summary>
internal static class Sums
{
    /// <summary>How many floats before its turn memory is fetched: the processor by itself stops at the end of a page.</summary>
    private const int Ahead = 1024;

    /// <summary>The definition of Σ x.</summary>
    public static double Sum(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum;
    }

    /// <summary>The definition of Σ x².</summary>
    public static double SumOfSquares(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value * value;
        return sum;
    }

    /// <summary>Σ x over F32, in double over blocks that are added in order.</summary>
    public static double Sum(WorkerPool pool, DeviceSpan values) => OverBlocks(pool, values, Sum);

    /// <summary>Σ x² over F32, in double over blocks that are added in order.</summary>
    public static double SumOfSquares(WorkerPool pool, DeviceSpan values) => OverBlocks(pool, values, SumOfSquares);

    private delegate double BlockSum(ReadOnlySpan<float> block);

    private static double OverBlocks(WorkerPool pool, DeviceSpan values, BlockSum sum)
    {
        const int Block = 1 << 16;
        double[] sums = new double[(values.Length + Block - 1) / Block];
        pool.Run(sums.Length, part => sums[part] = sum(values.Read((long)part * Block,
            Math.Min(Block, values.Length - ((long)part * Block)))));
        return Sum(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum(ReadOnlySpan<float> block)
    {
        Vector256<double> lower = default, upper = default;
        for (int i = 0; i < block.Length; i += Lanes.Count)
        {
            Vector256<float> x = Lanes.Load(block, i);
            lower += Vector256.WidenLower(x);
            upper += Vector256.WidenUpper(x);
        }
        return Total(lower + upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(ReadOnlySpan<float> block)
    {
        Vector256<double> lower = default, upper = default;
        for (int i = 0; i < block.Length; i += Lanes.Count)
        {
            Interop.Cache.Prefetch(in MemoryMarshal.GetReference(block), i + Ahead);
            Vector256<float> x = Lanes.Load(block, i);
            Vector256<double> low = Vector256.WidenLower(x), high = Vector256.WidenUpper(x);
            lower += low * low;
            upper += high * high;
        }
        return Total(lower + upper);
    }

    /// <summary>The lanes in order.</summary>
    public static double Total(Vector256<double> lanes)
    {
        double sum = 0;
        for (int i = 0; i < Vector256<double>.Count; i++) sum += lanes[i];
        return sum;
    }
}
