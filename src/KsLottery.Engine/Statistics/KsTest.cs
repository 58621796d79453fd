namespace KsLottery.Engine.Statistics;

/// <summary>The two-sample Kolmogorov-Smirnov test, with the results of SciPy's <c>ks_2samp</c>.</summary>
public static class KsTest
{
    /// <summary>Tests whether two samples come from one distribution.</summary>
    public static KsResult TwoSample(ReadOnlySpan<double> x, ReadOnlySpan<double> y, KsOptions? options = null) =>
        throw new NotImplementedException();

    /// <summary>Tests whether two samples come from one distribution.</summary>
    public static KsResult TwoSample(ReadOnlySpan<float> x, ReadOnlySpan<float> y, KsOptions? options = null) =>
        throw new NotImplementedException();
}
