using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>The scores of all units of a tensor.</summary>
/// <param name="Source">The tensor.</param>
/// <param name="Values">A score by unit, the larger the better; NaN for a unit without one.</param>
internal sealed record UnitScores(ScoreSource Source, double[] Values)
{
    /// <summary>A second score that decides between units of one score, before their index does; null where there is none.</summary>
    public double[]? Second { get; init; }

    /// <summary>See <see cref="TicketScore.RanksZero"/>.</summary>
    public bool RanksZero { get; init; } = true;

    /// <summary>The integer h of each unit with a test, -1 for those without; null for scores without a null distribution.</summary>
    public int[]? Counts { get; init; }

    /// <summary>Whether a unit may win.</summary>
    public bool IsCandidate(long unit) => RanksZero ? !double.IsNaN(Values[unit]) : Values[unit] > 0;

    /// <summary>The units below the level of a selection, ascending; a correction counts the tests of this tensor.</summary>
    /// <exception cref="InvalidOperationException">The score has no null distribution.</exception>
    public IEnumerable<long> FindBelowAlpha(BelowAlpha selection)
    {
        int[] counts = Counts ?? throw new InvalidOperationException($"{Source.Name}: these scores have no null distribution.");
        double[] log10 = [.. counts.Select((h, unit) => h < 0 ? double.NaN : NullOf(unit, selection.Method).Log10PValue(h))];
        if (selection.Adjustment == PValueAdjustment.None)
            return Enumerable.Range(0, counts.Length)
                .Where(unit => counts[unit] >= 0 && NullOf(unit, selection.Method).PValue(counts[unit]) < selection.Alpha)
                .Select(unit => (long)unit);
        MultipleTesting.Adjust(log10, selection.Adjustment, log10);
        double level = Math.Log10(selection.Alpha);
        return Enumerable.Range(0, counts.Length).Where(unit => log10[unit] < level).Select(unit => (long)unit);
    }

    private NullDistribution NullOf(long unit, KsMethod method) =>
        NullDistribution.ForEqualLengths((int)Source.Grid.SizeOf(unit), method);
}
