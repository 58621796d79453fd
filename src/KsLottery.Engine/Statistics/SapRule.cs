namespace KsLottery.Engine.Statistics;

/// <summary>How many entries may be pruned now, by their PQ index: sparsity-informed adaptive pruning (Diao et al., ICLR 2023).</summary>
/// <remarks>
/// ⌊d·min(γ(1 - r/d), β)⌋, never below 0, with r of <see cref="PqIndex.BoundOf"/>. The authors' program rounds r up first, so that with
/// γ below 1 it may prune one entry less; here it is the paper's formula. With the defaults and p = ½, q = 1 the part is the index itself.
/// </remarks>
/// <param name="Eta">η of the bound.</param>
/// <param name="Gamma">γ, which scales what may go.</param>
/// <param name="Beta">β, the largest part that goes at once.</param>
public sealed record SapRule(double Eta = 0, double Gamma = 1, double Beta = 0.9)
{
    // A count that is whole in exact arithmetic may come out a few units of the last place below it.
    private const double Guard = 1e-9;

    /// <summary>The number of entries to prune, those of the smallest magnitude.</summary>
    /// <param name="measure">p and q.</param>
    /// <param name="index">The index of the entries that are there.</param>
    /// <param name="count">d, their number.</param>
    /// <returns>0 where the index is NaN.</returns>
    public long CountOf(PqIndex measure, double index, long count)
    {
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (double.IsNaN(index) || count == 0) return 0;
        double part = Math.Min(Gamma * (1 - (measure.BoundOf(index, count, Eta) / count)), Beta);
        return (long)Math.Floor((count * Math.Max(part, 0)) + Guard);
    }
}
