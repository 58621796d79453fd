using System.Globalization;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>A number for every unit of a tensor: the larger, the sooner the unit is in the ticket.</summary>
/// <remarks>
/// A unit that holds a NaN or an infinity has no score. Sums over a unit are in double and in one fixed order, so that a score does not
/// depend on threads or processor; of rows they are the measurements of <see cref="Rows.RowResult"/>. Scores of single elements are F32.
/// </remarks>
public abstract record TicketScore
{
    // A score that is new needs its own file and a line here.
    private static readonly Func<ulong, TicketScore>[] All =
    [
        _ => new KsScore(), _ => new L2ShiftScore(), _ => new RelativeShiftScore(), _ => new CosineScore(), _ => new MovementScore(),
        _ => new MagnitudeScore(IsTuned: false), _ => new MagnitudeScore(IsTuned: true), _ => new MagnitudeIncreaseScore(),
        _ => new FrequencyScore(), seed => new RandomScore(seed),
    ];

    private protected TicketScore()
    {
    }

    /// <summary>KS-Lottery's, the default.</summary>
    public static TicketScore Ks { get; } = new KsScore();

    /// <summary>The names of all scores.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(make => make(0).Name)];

    /// <summary>What the score is called on the command line, in files and in signatures.</summary>
    public abstract string Name { get; }

    /// <summary>What it measures, in a few words for a page.</summary>
    internal abstract string Meaning { get; }

    /// <summary>What it is computed from.</summary>
    public abstract ScoreInputs Inputs { get; }

    /// <summary>Whether there is a distribution of the score for units that did not change it, and with it a p-value.</summary>
    public virtual bool HasNull => false;

    /// <summary>Whether a unit of score 0 wins where too few others are there: units that did not move at all have no rank by KS.</summary>
    public virtual bool RanksZero => true;

    /// <summary>Finds the score with a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="seed">Decides the score "random", and no other.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TicketScore Named(string name, ulong seed = 0) => All.Select(make => make(seed)).FirstOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"'{name}' is no score; {string.Join(", ", Names)} are.", nameof(name));

    /// <summary>The smallest p-value that a unit of n elements can have; NaN without a null distribution.</summary>
    /// <param name="unitSize">n.</param>
    /// <param name="method">How p-values are computed.</param>
    public virtual double MinPValue(int unitSize, KsMethod method = KsMethod.Auto) => double.NaN;

    /// <summary>Demands that a selection by alpha has p-values, and that a p-value can be below alpha at all.</summary>
    /// <param name="selection">The selection; all but <see cref="BelowAlpha"/> go with every score.</param>
    /// <param name="grid">The units.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <exception cref="ArgumentException">Alpha has no meaning for this score, or no unit could ever be below it.</exception>
    public void ThrowIfUndecidable(TicketSelection selection, UnitGrid grid, string tensor)
    {
        ArgumentNullException.ThrowIfNull(selection);
        if (selection is not BelowAlpha) return;
        if (!HasNull)
            throw new ArgumentException($"the score '{Name}' has no p-values, so that alpha cannot select. Take a number or a share of the "
                + "units, or the score 'ks'.", nameof(selection));
        if (WhyUndecidable(selection, grid.UnitSize) is { } reason)
            throw new ArgumentException(
                $"{tensor}: {reason}. Take wider units, a larger alpha, or a number or share of the units.", nameof(selection));
    }

    /// <summary>Why no unit of n elements can have a p-value below alpha, without a final full stop; null where one can.</summary>
    /// <remarks>By its own p-value: a correction only enlarges it, by how much the number of tests says.</remarks>
    internal string? WhyUndecidable(TicketSelection selection, long unitSize)
    {
        if (unitSize < 1) return null;
        double smallest = MinPValue((int)Math.Min(unitSize, Kernels.KsRowKernels.MaximumWidth), selection.Method);
        return smallest < selection.Alpha ? null : string.Create(CultureInfo.InvariantCulture,
            $"no unit of {unitSize} {(unitSize == 1 ? "element" : "elements")} can be below alpha {selection.Alpha} by '{Name}': the "
            + $"smallest p-value is {smallest:G3}");
    }

    /// <summary>How the score of single elements is computed as a tensor streams by; null for scores of units of several alone.</summary>
    internal virtual ElementKeys? Elements => null;

    /// <summary>Computes the score of every unit, and keeps them.</summary>
    /// <param name="source">The tensor and its units.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="ArgumentException">An input is missing, or the score says nothing about such units.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    internal abstract UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default);

    /// <summary>The scores that a measurement of each unit gives.</summary>
    private protected UnitScores Measure(ScoreSource source, Func<Rows.RowResult, double> score, int threads, CancellationToken cancel)
    {
        source.ThrowIfLacks(this);
        IReadOnlyList<Rows.RowResult> units = UnitMeasures.Of(source, threads, cancel);
        double[] values = new double[units.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = units[i].State is Rows.RowState.NonFinite ? double.NaN : score(units[i]);
        return new(source, values) { RanksZero = RanksZero };
    }
}
