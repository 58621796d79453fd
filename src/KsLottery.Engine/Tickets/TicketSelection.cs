using System.Globalization;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>Which rows win.</summary>
/// <remarks>
/// The defaults are those of the KS-Lottery paper: a row wins where its own two-sided p-value is below 0.05. Rows before and after a
/// tuning are paired, not independent, so alpha is a threshold of a score and no error rate.
/// </remarks>
public sealed record TicketSelection
{
    /// <summary>A row wins where its p-value, adjusted where so asked, is below this level; between 0 and 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double Alpha
    {
        get;
        init => field = value > 0 && value < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Alpha),
            string.Create(CultureInfo.InvariantCulture, $"alpha is {value}; it lies between 0 and 1, for instance 0.05."));
    } = 0.05;

    /// <summary>How p-values are computed; <see cref="KsMethod.Auto"/> is exact up to d = 10,000.</summary>
    public KsMethod Method { get; init; } = KsMethod.Auto;

    /// <summary>The correction for the number of rows; none by default.</summary>
    public PValueAdjustment Adjustment { get; init; } = PValueAdjustment.None;

    /// <summary>This many of the best rows win, whatever alpha; null lets alpha decide.</summary>
    /// <remarks>Fewer win only where fewer are eligible, see <see cref="ScoredRows.RankTop"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Top
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Top), value, "the number of rows is at least 1.");
    }

    /// <summary>The correction of the adjusted column: <see cref="Adjustment"/>, and Benjamini-Hochberg where that is none.</summary>
    /// <remarks>So a reader who selects by the raw p-value still sees what a correction would say.</remarks>
    public PValueAdjustment ColumnAdjustment =>
        Adjustment == PValueAdjustment.None ? PValueAdjustment.BenjaminiHochberg : Adjustment;
}
