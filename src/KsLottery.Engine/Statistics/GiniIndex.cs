using System.Numerics.Tensors;

namespace KsLottery.Engine.Statistics;

/// <summary>The Gini index of magnitudes: 0 where all are the same, 1 - 1/n where one of n holds the whole.</summary>
/// <remarks>Σ (2i-n-1)·|x|₍ᵢ₎ / (n·Σ|x|) over the magnitudes in ascending order, i from 1 (Hurley and Rickard, IEEE Trans. Inf. Theory
/// 2009).</remarks>
public static class GiniIndex
{
    /// <summary>The index of some values.</summary>
    /// <returns>0 to below 1; NaN of no values, of zeros alone, and where a value is not finite.</returns>
    public static double Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) return double.NaN;
        double max = Math.Abs(TensorPrimitives.MaxMagnitude(values));
        double[] sorted = [.. values];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = Math.Abs(sorted[i]) / max;
        Array.Sort(sorted);
        double weighted = 0, sum = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            weighted += Weigh(i, 1, sorted.Length) * sorted[i];
            sum += sorted[i];
        }
        return weighted / (sorted.Length * sum);
    }

    /// <summary>What the sum of some magnitudes counts that follow each other and are the same.</summary>
    /// <param name="before">How many are smaller.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="total">n.</param>
    internal static double Weigh(long before, long count, long total) => (2.0 * before) + count - total;
}
