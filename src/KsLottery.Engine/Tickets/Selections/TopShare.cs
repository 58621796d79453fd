using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>A share of the units wins: of all tensors together, or of every tensor its best.</summary>
/// <remarks>
/// Source: the global top share of LoTA (arXiv 2406.16797) and composable sparse fine-tuning (Ansell et al., 2022), which keep all ties
/// where this keeps exactly the count of the share.
/// </remarks>
public sealed record TopShare : TicketSelection
{
    /// <param name="share">The part that is in the ticket.</param>
    /// <param name="isPerTensor">Whether the best of every tensor win, and not the best of all.</param>
    public TopShare(UnitShare share, bool isPerTensor = false) => (Share, IsPerTensor) = (share, isPerTensor);

    /// <summary>With p-values by the level, method and correction of another selection.</summary>
    /// <param name="share">The part that is in the ticket.</param>
    /// <param name="isPerTensor">Whether the best of every tensor win, and not the best of all.</param>
    /// <param name="test">The other selection.</param>
    public TopShare(UnitShare share, bool isPerTensor, TicketSelection test) : base(test) => (Share, IsPerTensor) = (share, isPerTensor);

    /// <summary>The part that is in the ticket.</summary>
    public UnitShare Share { get; init; }

    /// <summary>Whether the best of every tensor win, and not the best of all.</summary>
    public bool IsPerTensor { get; init; }

    internal override IReadOnlyList<(string Name, string Value)> Terms =>
        [(IsPerTensor ? "share_per_tensor" : "share", Share.ToString())];

    /// <exception cref="ArgumentException">The share comes to no unit at all.</exception>
    internal override TicketSelection Among(long units) => Share.CountOf(units) is >= 1 and var count ? new TopUnits(count, this)
        : throw new ArgumentException($"{Share} of {units} units is none. Take a larger share.");

    internal override IReadOnlyList<int> Rank(ScoredRows rows) => Among(rows.Scan.Rows.Count).Rank(rows);

    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded)
    {
        if (!IsPerTensor) return RankedUnits.Top(scores, excluded, Share.CountOf(RankedUnits.CountOf(scores, excluded)));
        return [.. scores.Select((s, t) =>
            RankedUnits.Top([s], [excluded[t]], Share.CountOf(RankedUnits.CountOf([s], [excluded[t]])))[0])];
    }

    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) => !IsPerTensor
        ? ElementRanking.Top(elements, Share.CountOf(elements.CandidateCount))
        : [.. elements.Split().Select(one => ElementRanking.Top(one, Share.CountOf(one.CandidateCount))[0])];
}
