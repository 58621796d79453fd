namespace KsLottery.Engine.Statistics;

/// <summary>The alternative hypothesis of a two-sample Kolmogorov-Smirnov test.</summary>
/// <remarks>
/// The alternatives describe the cumulative distribution functions F (first sample) and G (second sample), not the observed
/// values: where F lies above G, the values of the first sample tend to be <em>smaller</em>. Names and meaning are SciPy's.
/// </remarks>
public enum KsAlternative
{
    /// <summary>F and G differ somewhere; the statistic is the largest |F - G|.</summary>
    TwoSided,
    /// <summary>F lies below G somewhere; the statistic is the largest G - F. The first sample's values tend to be larger.</summary>
    Less,
    /// <summary>F lies above G somewhere; the statistic is the largest F - G. The first sample's values tend to be smaller.</summary>
    Greater,
}
