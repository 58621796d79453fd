using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <summary>What two tickets share.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="One">The one ticket's step.</param>
/// <param name="Other">The other's.</param>
/// <param name="Found">What they share.</param>
/// <param name="ByChance">What two would that take as many values of each tensor.</param>
public sealed record TicketOverlap(ulong Seed, string One, string Other, MaskOverlap Found, MaskOverlap ByChance)
{
    /// <summary>What claims can be about, by the names that files give it, in the order of tables.</summary>
    public static IReadOnlyList<(string Name, Func<MaskOverlap, double> Get)> Measures { get; } =
        [("jaccard", o => o.Jaccard), ("pruned_jaccard", o => o.PrunedJaccard), ("cosine", o => o.Cosine)];
}
