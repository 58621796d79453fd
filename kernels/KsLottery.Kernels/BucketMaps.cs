namespace KsLottery.Kernels;

/// <summary>Where a row pair's values lie.</summary>
/// <param name="Mean">About their mean; finite.</param>
/// <param name="Scale">About the inverse of their standard deviation; finite and above 0.</param>
public readonly record struct RowScale(float Mean, float Scale);

/// <summary>A monotone map from values to buckets, fitted to a row pair.</summary>
/// <param name="Scale">By what values are multiplied.</param>
/// <param name="Offset">What is then added.</param>
/// <param name="InnerSlope">Buckets for one unit near the middle.</param>
/// <param name="OuterSlope">Buckets for one unit everywhere.</param>
/// <param name="Middle">The middle bucket.</param>
/// <param name="Floor">Magnitudes up to this one share the middle bucket.</param>
public readonly record struct BucketFit(float Scale, float Offset, float InnerSlope, float OuterSlope, int Middle, int Floor);

/// <summary>A kind of monotone map from values to buckets.</summary>
public interface IBucketMap
{
    /// <summary>Fits the map to a row pair.</summary>
    static abstract BucketFit Fit(RowScale row, int buckets);

    /// <summary>The bucket of a value that is no NaN, given by its bits; both zeros share one.</summary>
    static abstract int BucketOf(uint bits, BucketFit fit);

    /// <summary>Whether all values of a bucket are equal.</summary>
    static abstract bool IsOneValue(int bucket, BucketFit fit);

    /// <summary>The sortable key of the only value of a bucket.</summary>
    static abstract uint KeyOf(int bucket, BucketFit fit);
}

/// <summary>Buckets of values: bucket = middle + inner·clamp(t, ±1.6) + outer·clamp(t, ±4.2) with t = scale·value + offset.</summary>
/// <remarks>
/// Each step is monotone under rounding, and so is the whole. Every product is spelled as fused with the sum that it goes into: a compiler has no choice to
/// fuse one copy of the map and not another, which would put a value into two buckets. The middle, where a normal row is dense, has the finer buckets.
/// </remarks>
public readonly struct ValueBuckets : IBucketMap
{
    private const float InnerLimit = 1.6f, OuterLimit = 4.2f, InnerShare = 0.65f;

    /// <inheritdoc/>
    public static BucketFit Fit(RowScale row, int buckets) => new(
        row.Scale, -row.Mean * row.Scale,
        (buckets - 2) * (InnerShare / (2 * InnerLimit)), (buckets - 2) * ((1 - InnerShare) / (2 * OuterLimit)), buckets / 2, 0);

    /// <inheritdoc/>
    public static int BucketOf(uint bits, BucketFit fit)
    {
        float t = Fused.MultiplyAdd(Interop.IntAsFloat(bits), fit.Scale, fit.Offset);
        float inner = Fused.MultiplyAdd(Clamp(t, InnerLimit), fit.InnerSlope, fit.Middle);
        return (int)Fused.MultiplyAdd(Clamp(t, OuterLimit), fit.OuterSlope, inner);
    }

    /// <inheritdoc/>
    public static bool IsOneValue(int bucket, BucketFit fit) => false;

    /// <inheritdoc/>
    public static uint KeyOf(int bucket, BucketFit fit) => 0;

    private static float Clamp(float value, float limit) => value < -limit ? -limit : value > limit ? limit : value;
}

/// <summary>Buckets of BF16 values: one for each, but that the smallest magnitudes share one, and the largest of either sign.</summary>
public readonly struct KeyBuckets : IBucketMap
{
    /// <inheritdoc/>
    public static BucketFit Fit(RowScale row, int buckets)
    {
        float reach = Math.Abs(row.Mean) + (16 / row.Scale);
        return new(0, 0, 0, 0, buckets / 2, Math.Max((int)(Interop.FloatAsInt(reach) >> 16) - (buckets / 2) + 2, 0));
    }

    /// <inheritdoc/>
    public static int BucketOf(uint bits, BucketFit fit)
    {
        int steps = Math.Min(Math.Max((int)(bits >> 16 & 0x7FFF) - fit.Floor, 0), fit.Middle - 1);
        return bits >> 31 != 0 ? fit.Middle - steps : fit.Middle + steps;
    }

    /// <inheritdoc/>
    public static bool IsOneValue(int bucket, BucketFit fit)
    {
        int steps = Math.Abs(bucket - fit.Middle);
        return steps < fit.Middle - 1 && (steps > 0 || fit.Floor == 0);
    }

    /// <inheritdoc/>
    public static uint KeyOf(int bucket, BucketFit fit)
    {
        uint magnitude = (uint)(Math.Abs(bucket - fit.Middle) + fit.Floor) << 16;
        return KsOutcomes.KeyOf(bucket < fit.Middle ? magnitude | 0x8000_0000 : magnitude);
    }
}
