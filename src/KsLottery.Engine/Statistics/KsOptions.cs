namespace KsLottery.Engine.Statistics;

/// <summary>The options of <see cref="KsTest"/>.</summary>
public sealed record KsOptions
{
    /// <summary>The alternative hypothesis, a statement about the distribution functions and not about the values.</summary>
    public KsAlternative Alternative { get; init; } = KsAlternative.TwoSided;

    /// <summary>The way in which the p-value is computed.</summary>
    public KsMethod Method { get; init; } = KsMethod.Auto;

    /// <summary>What happens to NaN values.</summary>
    public NanPolicy NanPolicy { get; init; } = NanPolicy.Propagate;
}

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

/// <summary>The way in which a p-value is computed.</summary>
public enum KsMethod
{
    /// <summary><see cref="Exact"/> while the larger sample has at most 10,000 values, <see cref="Asymptotic"/> above.</summary>
    Auto,
    /// <summary>The exact null distribution for samples without ties, by counting lattice paths.</summary>
    Exact,
    /// <summary>The large-sample approximation that SciPy calls <c>asymp</c>.</summary>
    Asymptotic,
}

/// <summary>What a test does with a NaN among its values.</summary>
public enum NanPolicy
{
    /// <summary>The result is NaN throughout.</summary>
    Propagate,
    /// <summary>The test throws an <see cref="ArgumentException"/> that names the first NaN.</summary>
    Raise,
    /// <summary>NaN values are left out; a sample that is empty after that is an error.</summary>
    Omit,
}
