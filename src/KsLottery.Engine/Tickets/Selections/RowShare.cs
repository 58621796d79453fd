using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>A share of the elements of every row wins, as Wanda prunes every output apart (Sun et al., ICLR 2024).</summary>
/// <remarks>A row is a tensor's last dimension, the input of a matrix; ⌊share · width⌋ of each are kept.</remarks>
public sealed record RowShare : TicketSelection
{
    /// <param name="share">The part of every row that is in the ticket.</param>
    public RowShare(UnitShare share) => Share = share;

    /// <summary>The part of every row that is in the ticket.</summary>
    public UnitShare Share { get; }

    internal override IReadOnlyList<(string Name, string Value)> Terms => [("share_per_row", Share.ToString())];

    /// <exception cref="ArgumentException">Always: whole rows have no part in a row.</exception>
    internal override IReadOnlyList<int> Rank(ScoredRows rows) => throw NotElements();

    /// <exception cref="ArgumentException">Always: it chooses elements.</exception>
    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        throw NotElements();

    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) => ElementRows.Top(elements, Share);

    private ArgumentException NotElements() =>
        new($"{Share} of every row chooses elements of a row, not larger units. Take elements as units, or another selection.");
}
