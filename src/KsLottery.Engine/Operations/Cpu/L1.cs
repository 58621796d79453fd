using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Σ |x - y|, and g += c·sign(x - y) with sign 0 = 0.</summary>
internal static class L1
{
    /// <summary>Elements that are summed up apart.</summary>
    public const int Block = 1 << 16;

    /// <summary>The definition; all of one length.</summary>
    public static double Distance(Span<double> gradient, ReadOnlySpan<double> values, ReadOnlySpan<double> reference, double scale)
    {
        double sum = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            sum += Math.Abs(values[i] - reference[i]);
            if (values[i] > reference[i]) gradient[i] += scale;
            if (values[i] < reference[i]) gradient[i] -= scale;
        }
        return sum;
    }

    /// <summary>The same over F32, in double over blocks that are added in order.</summary>
    public static double Distance(WorkerPool pool, DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        double[] sums = new double[(gradient.Length + Block - 1) / Block];
        pool.Run(sums.Length, part =>
        {
            long from = (long)part * Block, length = Math.Min(Block, gradient.Length - from);
            sums[part] = Distance(gradient.Write(from, length), values.Read(from, length), reference.Read(from, length), (float)scale);
        });
        return Sums.Sum(sums);
    }

    /// <summary>One block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Distance(Span<float> gradient, ReadOnlySpan<float> values, ReadOnlySpan<float> reference, float scale)
    {
        Vector256<double> lower = default, upper = default;
        Vector256<float> up = Vector256.Create(scale);
        for (int i = 0; i < gradient.Length; i += Lanes.Count)
        {
            Vector256<float> x = Lanes.Load(values, i), y = Lanes.Load(reference, i);
            lower += Vector256.Abs(Vector256.WidenLower(x) - Vector256.WidenLower(y));
            upper += Vector256.Abs(Vector256.WidenUpper(x) - Vector256.WidenUpper(y));
            Vector256<float> step = (Vector256.GreaterThan(x, y) & up) - (Vector256.LessThan(x, y) & up);
            (Lanes.Load(gradient, i) + step).Store(gradient, i);
        }
        return Sums.Total(lower + upper);
    }
}
