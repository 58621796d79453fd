using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Units that a seed draws win, whatever their score: the control of every ticket.</summary>
/// <remarks>
/// They are the best by the score "random": which they are depends on seed, tensor names and indices alone, and the units of a
/// smaller number are among those of a larger one. A unit without a score, see <see cref="TicketSelection"/>, is not drawn.
/// </remarks>
public sealed record RandomUnits : TicketSelection
{
    /// <param name="count">k, at least 1.</param>
    /// <param name="seed">Decides the units.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public RandomUnits(long count, ulong seed) => (Amount, Seed) = (new TopUnits(count), seed);

    /// <param name="share">The part that is in the ticket.</param>
    /// <param name="isPerTensor">Whether the share of every tensor is drawn apart.</param>
    /// <param name="seed">Decides the units.</param>
    public RandomUnits(UnitShare share, bool isPerTensor, ulong seed) => (Amount, Seed) = (new TopShare(share, isPerTensor), seed);

    /// <summary>How many win: a <see cref="TopUnits"/> or a <see cref="TopShare"/>.</summary>
    public TicketSelection Amount { get; private init; }

    /// <summary>Decides the units.</summary>
    public ulong Seed { get; }

    /// <inheritdoc/>
    public override long? Top => Amount.Top;

    internal override IReadOnlyList<(string Name, string Value)> Terms =>
        [.. Amount.Terms, ("seed", Seed.ToString(CultureInfo.InvariantCulture))];

    internal override TicketSelection Among(long units) => this with { Amount = Amount.Among(units) };

    internal override IReadOnlyList<int> Rank(ScoredRows rows)
    {
        RandomStream stream = new(Seed, rows.Scan.Name);
        int count = rows.Scan.Rows.Count;
        return [.. Enumerable.Range(0, count).Where(id => rows.Scan.Rows[id].IsEligible)
            .OrderByDescending(id => stream[id]).ThenBy(id => id).Take((int)Math.Min(Among(count).Top!.Value, count))];
    }

    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        Amount.Select([.. scores.Select(Draw)], excluded);

    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) => Amount.Select(elements.Draw(Seed));

    private UnitScores Draw(UnitScores scores)
    {
        RandomStream stream = new(Seed, scores.Source.Name);
        return new(scores.Source, [.. scores.Values.Select((value, unit) => double.IsNaN(value) ? double.NaN : stream[unit])]);
    }
}
