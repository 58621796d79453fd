namespace KsLottery.Engine.Statistics;

/// <summary>The null distribution of the two-sample statistic for samples of one length, by the integer count h.</summary>
public sealed class NullDistribution
{
    /// <summary>The distribution for two samples of length d each.</summary>
    public static NullDistribution ForEqualLengths(
        int d, KsMethod method = KsMethod.Auto, KsAlternative alternative = KsAlternative.TwoSided) => throw new NotImplementedException();

    /// <summary>The length d of each sample.</summary>
    public int Width { get; }

    /// <summary>The method in use, never <see cref="KsMethod.Auto"/>.</summary>
    public KsMethod Method { get; }

    /// <summary>The alternative hypothesis.</summary>
    public KsAlternative Alternative { get; }

    /// <summary>The p-value of the count h.</summary>
    public double PValue(int h) => throw new NotImplementedException();

    /// <summary>The decimal logarithm of the p-value of the count h.</summary>
    public double Log10PValue(int h) => throw new NotImplementedException();

    /// <summary>The smallest count whose p-value is below alpha; d + 1 when there is none.</summary>
    public int CriticalCount(double alpha) => throw new NotImplementedException();
}
