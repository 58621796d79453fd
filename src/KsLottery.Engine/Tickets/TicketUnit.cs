using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tickets;

/// <summary>What a ticket takes whole: a row, a single element, a column, or a block.</summary>
/// <remarks>A vector is one row of a matrix, so that its elements are its columns.</remarks>
public readonly record struct TicketUnit
{
    private readonly long _rows, _columns;

    private TicketUnit(long rows, long columns) => (_rows, _columns) = (rows, columns);

    /// <summary>A run along the last dimensions: a token of an embedding, an output channel of a weight [out, in].</summary>
    public static TicketUnit Rows { get; } = new(1, 0);

    /// <summary>A single value.</summary>
    public static TicketUnit Elements { get; } = new(1, 1);

    /// <summary>One value of each row: an input channel of a weight [out, in].</summary>
    public static TicketUnit Columns { get; } = new(0, 1);

    /// <summary>The forms that <see cref="TryParse"/> reads.</summary>
    public static IReadOnlyList<string> Names { get; } = ["rows", "elements", "columns", "blocks:RxC"];

    /// <summary>Some rows by some columns. An attention head's part of a query weight is head size × all, of an output weight all × head
    /// size.</summary>
    /// <param name="rows">At least 1; 0 takes all of the matrix.</param>
    /// <param name="columns">At least 1; 0 takes all of the matrix.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static TicketUnit Blocks(long rows, long columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        return new(rows, columns);
    }

    /// <summary>Cuts a tensor into such units, see <see cref="Tensor.RowShape"/>.</summary>
    public UnitGrid Cut(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        (long rows, long columns) = tensor.RowShape;
        return Cut(rows, columns);
    }

    /// <summary>Cuts a matrix into such units.</summary>
    public UnitGrid Cut(long rows, long columns) => new(rows, columns, Side(_rows, rows), Side(_columns, columns));

    /// <summary>Reads <c>rows</c>, <c>elements</c>, <c>columns</c> or <c>blocks:4x16</c>, in which <c>all</c> is the whole side.</summary>
    public static bool TryParse(string? text, out TicketUnit unit)
    {
        (bool isKnown, unit) = text switch
        {
            "rows" => (true, Rows),
            "elements" => (true, Elements),
            "columns" => (true, Columns),
            _ => TryParseBlocks(text, out TicketUnit blocks) ? (true, blocks) : default,
        };
        return isKnown;
    }

    /// <summary>The text that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => this == Rows ? "rows" : this == Elements ? "elements" : this == Columns ? "columns"
        : $"blocks:{Name(_rows)}x{Name(_columns)}";

    private static bool TryParseBlocks([NotNullWhen(true)] string? text, out TicketUnit unit)
    {
        const string Prefix = "blocks:";
        unit = default;
        if (text?.StartsWith(Prefix, StringComparison.Ordinal) != true || text[Prefix.Length..].Split('x') is not [var rows, var columns]
            || !TryParseSide(rows, out long r) || !TryParseSide(columns, out long c)) return false;
        unit = new(r, c);
        return true;
    }

    private static bool TryParseSide(string text, out long side)
    {
        side = 0;
        return text == "all" || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side) && side > 0);
    }

    private static long Side(long asked, long whole) => Math.Max(1, asked == 0 ? whole : Math.Min(asked, whole));

    private static string Name(long side) => side == 0 ? "all" : side.ToString(CultureInfo.InvariantCulture);
}
