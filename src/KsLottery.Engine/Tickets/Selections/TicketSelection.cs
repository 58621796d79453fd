using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>Which units win, by their scores: <see cref="BelowAlpha"/>, <see cref="TopUnits"/>, <see cref="TopShare"/>,
/// <see cref="RowShare"/>, <see cref="AdaptiveShare"/>, <see cref="GroupPattern"/> or <see cref="RandomUnits"/>; there are no
/// others.</summary>
/// <remarks>
/// Level, method and correction are those of the p-values that are shown beside the units, and decide in <see cref="BelowAlpha"/> alone.
/// Units of equal scores stand in the order of their tensors and, in a tensor, of their index: row-major for elements. -0 equals 0. A unit
/// that holds a NaN or an infinity has no score and never wins.
/// </remarks>
public abstract record TicketSelection
{
    private protected TicketSelection()
    {
    }

    /// <summary>The level below which the p-value of <see cref="BelowAlpha"/> lies, adjusted where so asked; between 0 and 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double Alpha
    {
        get;
        init => field = value > 0 && value < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Alpha),
            string.Create(CultureInfo.InvariantCulture, $"alpha is {value}; it lies between 0 and 1, for instance 0.05."));
    } = 0.05;

    /// <summary>How p-values are computed; <see cref="KsMethod.Auto"/> is exact up to d = 10,000.</summary>
    public KsMethod Method { get; init; } = KsMethod.Auto;

    /// <summary>The correction for the number of tests; none by default.</summary>
    public PValueAdjustment Adjustment { get; init; } = PValueAdjustment.None;

    /// <summary>How many units were asked for; null where something else decides.</summary>
    public virtual long? Top => null;

    /// <summary>The correction of the adjusted column: <see cref="Adjustment"/>, and Benjamini-Hochberg where that is none.</summary>
    /// <remarks>So a reader who selects by the raw p-value still sees what a correction would say.</remarks>
    public PValueAdjustment ColumnAdjustment =>
        Adjustment == PValueAdjustment.None ? PValueAdjustment.BenjaminiHochberg : Adjustment;

    /// <summary>What decides, as names and values of a ticket's line.</summary>
    internal abstract IReadOnlyList<(string Name, string Value)> Terms { get; }

    /// <summary>This selection among so many units: a share becomes the count that it comes to.</summary>
    internal virtual TicketSelection Among(long units) => this;

    /// <summary>The winners among the rows of a scan, best first: a ranking, and no set.</summary>
    internal abstract IReadOnlyList<int> Rank(ScoredRows rows);

    /// <summary>The winners of each tensor, by scores that are kept.</summary>
    /// <param name="scores">The scores, by tensor.</param>
    /// <param name="excluded">The units of each tensor that may not win; null for none.</param>
    internal abstract IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded);

    /// <summary>The winners of each tensor among its single elements.</summary>
    internal abstract IReadOnlyList<IndexSet> Select(ElementPass elements);
}
