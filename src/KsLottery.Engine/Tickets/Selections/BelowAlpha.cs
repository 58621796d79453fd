using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Every unit wins whose p-value is below alpha; for scores with a null distribution alone.</summary>
/// <remarks>
/// The defaults are those of the KS-Lottery paper (arXiv 2402.02801): a row wins where its own two-sided p-value is below 0.05. Units
/// before and after a tuning are paired, not independent, so alpha is a threshold of a score and no error rate. A correction counts the
/// units of one tensor.
/// </remarks>
public sealed record BelowAlpha : TicketSelection
{
    /// <summary>The paper's.</summary>
    public BelowAlpha()
    {
    }

    /// <summary>By the level, method and correction of another selection.</summary>
    public BelowAlpha(TicketSelection test) : base(test)
    {
    }

    /// <inheritdoc/>
    public override long? Top => Wanted;

    /// <summary>A number that was asked for and had no say, as some rows were below alpha: earlier versions took rows by rank only where
    /// none was.</summary>
    internal long? Wanted { get; init; }

    internal override IReadOnlyList<(string Name, string Value)> Terms =>
        [("method", Method.ToName()), ("alpha", Alpha.ToString("R", CultureInfo.InvariantCulture)), ("adj", Adjustment.ToName())];

    internal override IReadOnlyList<int> Rank(ScoredRows rows) => rows.RankBelowAlpha();

    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        [.. scores.Select((s, t) => IndexSet.Of(s.Values.Length, s.FindBelowAlpha(this).Where(u => excluded[t]?.Contains(u) != true)))];

    /// <exception cref="ArgumentException">Always: no single value has a p-value below 1.</exception>
    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) =>
        throw new ArgumentException("single elements have no p-values, so that alpha cannot select. Take a number or a share of them.");
}
