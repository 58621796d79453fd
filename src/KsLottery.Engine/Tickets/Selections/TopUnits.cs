using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>This many of the best units of all tensors together win, whatever alpha.</summary>
/// <remarks>Fewer win only where fewer have a score; by KS, where fewer have h above 0, see <see cref="ScoredRows.RankTop"/>.</remarks>
public sealed record TopUnits : TicketSelection
{
    /// <param name="count">k, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public TopUnits(long count) => Count = count;

    /// <summary>With p-values by the level, method and correction of another selection.</summary>
    /// <param name="count">k, at least 1.</param>
    /// <param name="test">The other selection.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public TopUnits(long count, TicketSelection test) : base(test) => Count = count;

    /// <summary>k.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long Count
    {
        get;
        init => field = value >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(Count), value, "the number of units is at least 1.");
    }

    /// <inheritdoc/>
    public override long? Top => Count;

    internal override IReadOnlyList<(string Name, string Value)> Terms => [("top", Count.ToString(CultureInfo.InvariantCulture))];

    internal override IReadOnlyList<int> Rank(ScoredRows rows) => rows.RankTop((int)Math.Min(Count, int.MaxValue));

    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        RankedUnits.Top(scores, excluded, Count);

    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) => ElementRanking.Top(elements, Count);
}
