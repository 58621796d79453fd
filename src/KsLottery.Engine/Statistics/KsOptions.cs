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
