namespace KsLottery.Kernels;

/// <summary>Where a row pair's values lie.</summary>
/// <param name="Mean">About their mean; finite.</param>
/// <param name="Scale">About the inverse of their standard deviation; finite and above 0.</param>
public readonly record struct RowScale(float Mean, float Scale);

/// <summary>A monotone map from values to buckets, fitted to a row pair.</summary>
/// <param name="Center">What is taken from values.</param>
/// <param name="Scale">By what that is multiplied.</param>
/// <param name="InnerSlope">2¹⁶-ths of a bucket for one step near the middle.</param>
/// <param name="OuterSlope">2¹⁶-ths of a bucket for one step everywhere.</param>
/// <param name="Middle">The middle bucket.</param>
/// <param name="Floor">Magnitudes up to this one share the middle bucket.</param>
public readonly record struct BucketFit(float Center, float Scale, int InnerSlope, int OuterSlope, int Middle, int Floor);

/// <summary>A kind of monotone map from values to buckets.</summary>
public interface IBucketMap
{
    /// <summary>Fits the map to a row pair.</summary>
    static abstract BucketFit Fit(RowScale row, int buckets);

    /// <summary>The bucket of a value given by its bits, at least 1 and below their number; both zeros share one, and a NaN has
    /// any.</summary>
    static abstract int BucketOf(uint bits, BucketFit fit);

    /// <summary>Whether all values of a bucket are equal.</summary>
    static abstract bool IsOneValue(int bucket, BucketFit fit);

    /// <summary>The sortable key of the only value of a bucket.</summary>
    static abstract uint KeyOf(int bucket, BucketFit fit);
}

/// <summary>Buckets of values: bucket = middle + inner·clamp(t, ±1.6) + outer·clamp(t, ±4.2) with t = scale·(value - center), in steps of
/// 2⁻¹⁶.</summary>
/// <remarks>
/// Each operation is monotone under rounding, and so is the whole. A difference that is then multiplied, and whole numbers after that,
/// leave a compiler nothing
/// to fuse: were one copy of the map fused and another not, a value could lie in two buckets. The middle, where a normal row is dense, has
/// the finer buckets.
/// </remarks>
public readonly struct ValueBuckets : IBucketMap
{
    private const int Steps = 1 << 16, InnerLimit = (int)(1.6 * Steps), OuterLimit = (int)(4.2 * Steps);

    private const float InnerShare = 0.65f;

    /// <inheritdoc/>
    public static BucketFit Fit(RowScale row, int buckets) => new(
        row.Mean, row.Scale * Steps,
        (int)((buckets - 2) * (InnerShare * Steps / (2 * InnerLimit))),
            (int)((buckets - 2) * ((1 - InnerShare) * Steps / (2 * OuterLimit))), buckets / 2, 0);

    /// <inheritdoc/>
    public static int BucketOf(uint bits, BucketFit fit)
    {
        int t = (int)((Interop.IntAsFloat(bits) - fit.Center) * fit.Scale);
        return ((fit.Middle * Steps) + (Clamp(t, InnerLimit) * fit.InnerSlope) + (Clamp(t, OuterLimit) * fit.OuterSlope)) >> 16;
    }

    /// <inheritdoc/>
    public static bool IsOneValue(int bucket, BucketFit fit) => false;

    /// <inheritdoc/>
    public static uint KeyOf(int bucket, BucketFit fit) => 0;

    private static int Clamp(int value, int limit) => Math.Min(Math.Max(value, -limit), limit);
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
