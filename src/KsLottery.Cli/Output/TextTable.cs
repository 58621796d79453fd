using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>A table of text whose columns line up in a terminal, whatever script the cells are in.</summary>
/// <remarks>Cells must be harmless already: text from a file goes through <see cref="VisibleText"/> first.</remarks>
internal sealed class TextTable
{
    private const string Gap = "  ";
    private const char Ellipsis = '…';
    private const char LeftToRightMark = '\u200E';

    private readonly (string Title, bool AlignRight, int MaxWidth)[] _columns;
    private readonly List<string[]> _rows = [];

    /// <summary>Starts a table.</summary>
    /// <param name="columns">Titles; one that begins with <c>&gt;</c> (not shown) heads a column aligned to the right.</param>
    public TextTable(params ReadOnlySpan<string> columns)
    {
        _columns = new (string, bool, int)[columns.Length];
        for (int i = 0; i < columns.Length; i++)
            _columns[i] = columns[i].StartsWith('>') ? (columns[i][1..], true, int.MaxValue) : (columns[i], false, int.MaxValue);
    }

    /// <summary>The number of rows so far.</summary>
    public int Count => _rows.Count;

    /// <summary>Cuts the cells of a column that are wider than so many terminal columns, and shows that they were cut.</summary>
    public TextTable Limit(int column, int width)
    {
        _columns[column].MaxWidth = width;
        return this;
    }

    /// <summary>Adds a row, one cell for each column.</summary>
    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, _columns.Length);
        _rows.Add([.. cells.Select((cell, i) => Cut(cell, _columns[i].MaxWidth))]);
    }

    /// <summary>The title line and the rows, without trailing spaces.</summary>
    public IEnumerable<string> Lines()
    {
        int[] widths = [.. _columns.Select((column, i) =>
            _rows.Select(row => VisibleText.Width(row[i])).Append(VisibleText.Width(column.Title)).Max())];
        yield return Line([.. _columns.Select(c => c.Title)], widths);
        foreach (string[] row in _rows) yield return Line(row, widths);
    }

    private string Line(string[] cells, int[] widths) => string.Join(Gap, cells.Select((cell, i) =>
    {
        string space = new(' ', widths[i] - VisibleText.Width(cell));
        return _columns[i].AlignRight ? space + cell : cell + (HasRightToLeft(cell) ? LeftToRightMark : "") + space;
    })).TrimEnd(' ');

    /// <summary>Without a mark behind it, a right-to-left word would draw the numbers of the next columns to its left.</summary>
    private static bool HasRightToLeft(string cell) => cell.EnumerateRunes().Any(r =>
        r.Value is (>= 0x590 and <= 0x8FF) or (>= 0xFB1D and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFF)
            or (>= 0x10800 and <= 0x10FFF) or (>= 0x1E800 and <= 0x1EFFF));

    private static string Cut(string cell, int width)
    {
        if (VisibleText.Width(cell) <= width) return cell;
        int kept = 0;
        string text = "";
        foreach (System.Text.Rune rune in cell.EnumerateRunes())
        {
            string next = rune.ToString();
            kept += VisibleText.Width(next);
            if (kept >= width) break;
            text += next;
        }
        return text + Ellipsis;
    }
}
