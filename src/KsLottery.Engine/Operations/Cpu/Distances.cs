using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>A distance of values from a reference, and what it adds to their gradient.</summary>
internal interface IDistance
{
    /// <summary>What a difference adds to the distance.</summary>
    static abstract double Of(double difference);

    /// <summary>The same of four differences.</summary>
    static abstract Vector256<double> Of(Vector256<double> difference);

    /// <summary>What one adds to the gradient.</summary>
    static abstract double Slope(double value, double reference, double scale);

    /// <summary>The same of eight values.</summary>
    static abstract Vector256<float> Slope(Vector256<float> value, Vector256<float> reference, Vector256<float> scale);
}

/// <summary>Σ |x - y|, and g += c·sign(x - y) with sign 0 = 0.</summary>
internal readonly struct L1 : IDistance
{
    public static double Of(double difference) => Math.Abs(difference);

    public static Vector256<double> Of(Vector256<double> difference) => Vector256.Abs(difference);

    public static double Slope(double value, double reference, double scale) => value > reference ? scale : value < reference ? -scale : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Slope(Vector256<float> value, Vector256<float> reference, Vector256<float> scale) =>
        (Vector256.GreaterThan(value, reference) & scale) - (Vector256.LessThan(value, reference) & scale);
}

/// <summary>Σ (x - y)², and g += 2c·(x - y).</summary>
internal readonly struct SquaredL2 : IDistance
{
    public static double Of(double difference) => difference * difference;

    public static Vector256<double> Of(Vector256<double> difference) => difference * difference;

    public static double Slope(double value, double reference, double scale) => 2 * scale * (value - reference);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Slope(Vector256<float> value, Vector256<float> reference, Vector256<float> scale) =>
        (scale + scale) * (value - reference);
}

/// <summary>Distances over ranges of one length.</summary>
internal static class Distances
{
    /// <summary>Elements that are summed up apart.</summary>
    public const int Block = 1 << 16;

    /// <summary>The definition.</summary>
    public static double Of<TDistance>(Span<double> gradient, ReadOnlySpan<double> values, ReadOnlySpan<double> reference, double scale)
        where TDistance : IDistance
    {
        double sum = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            sum += TDistance.Of(values[i] - reference[i]);
            gradient[i] += TDistance.Slope(values[i], reference[i], scale);
        }
        return sum;
    }

    /// <summary>The same over F32, in double over blocks that are added in order.</summary>
    public static double Of<TDistance>(WorkerPool pool, DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
        where TDistance : IDistance
    {
        double[] sums = new double[(gradient.Length + Block - 1) / Block];
        pool.Run(sums.Length, part =>
        {
            long from = (long)part * Block, length = Math.Min(Block, gradient.Length - from);
            sums[part] = Of<TDistance>(gradient.Write(from, length), values.Read(from, length), reference.Read(from, length), (float)scale);
        });
        return Sums.Sum(sums);
    }

    /// <summary>One block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Of<TDistance>(Span<float> gradient, ReadOnlySpan<float> values, ReadOnlySpan<float> reference, float scale)
        where TDistance : IDistance
    {
        Vector256<double> lower = default, upper = default;
        Vector256<float> factor = Vector256.Create(scale);
        for (int i = 0; i < gradient.Length; i += Lanes.Count)
        {
            Vector256<float> x = Lanes.Load(values, i), y = Lanes.Load(reference, i);
            lower += TDistance.Of(Vector256.WidenLower(x) - Vector256.WidenLower(y));
            upper += TDistance.Of(Vector256.WidenUpper(x) - Vector256.WidenUpper(y));
            (Lanes.Load(gradient, i) + TDistance.Slope(x, y, factor)).Store(gradient, i);
        }
        return Sums.Total(lower + upper);
    }
}
