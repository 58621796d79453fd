using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>A row with its p-values.</summary>
/// <param name="Id">The row number, which is the token id in an embedding.</param>
/// <param name="Row">What the scan found.</param>
/// <param name="Statistic">D = h/d; NaN where there is no h.</param>
/// <param name="PValue">The p-value of h; 0 where it underflows.</param>
/// <param name="Log10PValue">The decimal logarithm of p, which does not underflow.</param>
/// <param name="AdjustedPValue">The p-value adjusted by <see cref="TicketSelection.ColumnAdjustment"/>; 0 where it underflows.</param>
/// <param name="Log10AdjustedPValue">The decimal logarithm of the adjusted p.</param>
public readonly record struct ScoredRow(
    int Id, RowResult Row, double Statistic, double PValue, double Log10PValue, double AdjustedPValue, double Log10AdjustedPValue);
