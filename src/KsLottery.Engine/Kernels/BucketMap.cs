using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Kernels;

/// <summary>A monotone map from F32 values to bucket numbers, fitted to a sample of a row pair.</summary>
/// <remarks>
/// bucket = trunc(Middle + InnerSlope·clamp(t, ±InnerLimit) + OuterSlope·clamp(t, ±OuterLimit)) with t = Scale·value + Offset.
/// Each step is monotone under rounding, and so is the whole; how well it fits decides the speed, never the result.
/// The middle, where a normal row is dense, has the finer buckets.
/// </remarks>
internal readonly record struct BucketMap(float Scale, float Offset, float InnerSlope, float OuterSlope, float Middle)
{
    public const float InnerLimit = 1.6f, OuterLimit = 4.2f, InnerShare = 0.65f;

    /// <summary>B.</summary>
    public int Buckets => (int)(Middle * 2);

    /// <summary>Fits the map to mean and standard deviation of a sample.</summary>
    /// <remarks>
    /// Sixteen groups estimate on their own and are weighted by the inverse of their variance, so that a few outliers spoil
    /// only the groups that they fall in.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static BucketMap Fit(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int buckets)
    {
        Debug.Assert(before.Length >= 32 && before.Length % 16 == 0);
        ref readonly float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Vector128<float> sumA0 = default, sumA1 = default, sumB0 = default, sumB1 = default;
        Vector128<float> squareA0 = default, squareA1 = default, squareB0 = default, squareB1 = default;
        int step = Math.Max(before.Length / 64 / 16 * 16, 16), count = 0;
        for (int i = 0; i + 16 <= before.Length; i += step, count++)
        {
            Vector128<float> v = Vector128.LoadUnsafe(in a, (nuint)i);
            sumA0 += v; squareA0 += v * v;
            v = Vector128.LoadUnsafe(in a, (nuint)i + 4);
            sumA1 += v; squareA1 += v * v;
            v = Vector128.LoadUnsafe(in b, (nuint)i + 8);
            sumB0 += v; squareB0 += v * v;
            v = Vector128.LoadUnsafe(in b, (nuint)i + 12);
            sumB1 += v; squareB1 += v * v;
        }

        Vector128<float> weights = default, weighted = default, deviations = default;
        Add(sumA0, squareA0);
        Add(sumA1, squareA1);
        Add(sumB0, squareB0);
        Add(sumB1, squareB1);
        float mean = Vector128.Sum(weighted) / Vector128.Sum(weights);
        float scale = Vector128.Sum(deviations) / 16;

        float offset = -mean * scale;
        if (!float.IsFinite(offset) || !float.IsFinite(scale) || scale == 0) (scale, offset) = (1, 0);
        float width = buckets - 2;
        return new(scale, offset, width * InnerShare / (2 * InnerLimit), width * (1 - InnerShare) / (2 * OuterLimit), buckets * 0.5f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Add(Vector128<float> sum, Vector128<float> square)
        {
            Vector128<float> groupMean = sum / count;
            Vector128<float> variance = Vector128.Max(square / count - groupMean * groupMean, Vector128.Create(1e-37f));
            Vector128<float> weight = Vector128<float>.One / variance;
            weights += weight;
            weighted += groupMean * weight;
            deviations += Vector128.Sqrt(weight);
        }
    }

    /// <summary>The same fit with other bucket sizes.</summary>
    public BucketMap Resize(int buckets)
    {
        float ratio = (buckets - 2) / (Middle * 2 - 2);
        return this with { InnerSlope = InnerSlope * ratio, OuterSlope = OuterSlope * ratio, Middle = buckets * 0.5f };
    }
}
