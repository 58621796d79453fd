using System.Globalization;

namespace KsLottery.Engine.Rows;

/// <summary>Rows that lie one behind another.</summary>
/// <param name="First">The first of them, from 0.</param>
/// <param name="Count">How many; there may be none.</param>
public readonly record struct RowRange(long First, long Count)
{
    /// <summary>The row behind the last.</summary>
    public long End => First + Count;

    /// <summary>One of several parts of all rows, whose sizes differ by one row at most; empty where there are fewer rows than
    /// parts.</summary>
    /// <param name="rows">R, the number of all rows.</param>
    /// <param name="part">Which, from 1.</param>
    /// <param name="parts">Of how many.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there is no such part.</exception>
    public static RowRange OfPart(long rows, int part, int parts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part, parts);
        long first = (long)((Int128)rows * (part - 1) / parts);
        return new(first, (long)((Int128)rows * part / parts) - first);
    }

    /// <inheritdoc/>
    public override string ToString() => Count == 0 ? "no rows"
        : string.Create(CultureInfo.InvariantCulture, $"rows {First} to {End - 1}");
}
