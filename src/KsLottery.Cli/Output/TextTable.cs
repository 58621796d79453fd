using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>A table of text whose columns line up in a terminal, whatever script the cells are in.</summary>
/// <remarks>Cells must be harmless already: text from a file goes through <see cref="VisibleText"/> first.</remarks>
internal sealed class TextTable
{
    private const string Gap = "  ";
    private const char Ellipsis = '…';
    private const int MinText = 12;
    private const char LeftToRightMark = '\u200E';

    private readonly (string Title, bool AlignRight, int MaxWidth)[] _columns;
    private readonly List<string[]> _rows = [];
    private string[] _optional = [];

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

    /// <summary>Names columns that a narrow terminal need not have, the first to go first.</summary>
    public TextTable Optional(params string[] titles)
    {
        _optional = titles;
        return this;
    }

    /// <summary>The table within a width: columns without a cell are left out, and optional ones go; where that is not enough and cells
    /// may be cut, the widest text is.</summary>
    /// <returns>The lines, and the titles of the columns that went.</returns>
    public (IEnumerable<string> Lines, string[] Dropped) Within(int width, bool mayCut)
    {
        List<int> kept = [.. Enumerable.Range(0, _columns.Length).Where(i => _rows.Count == 0 || _rows.Exists(row => row[i].Length > 0))];
        List<string> dropped = [];
        foreach (string title in _optional)
        {
            if (Total(kept, Widths()) <= width) break;
            int column = kept.Find(i => _columns[i].Title == title);
            if (_columns[column].Title == title && kept.Remove(column)) dropped.Add(title);
        }
        int[] widths = Widths();
        if (mayCut && Total(kept, widths) > width && kept.Where(i => !_columns[i].AlignRight).ToArray() is { Length: > 0 } texts)
        {
            int widest = texts.OrderByDescending(i => widths[i]).First();
            Limit(widest, Math.Max(MinText, widths[widest] - (Total(kept, widths) - width)));
            foreach (string[] row in _rows) row[widest] = Cut(row[widest], _columns[widest].MaxWidth);
        }
        return (Lines(kept), [.. dropped]);
    }

    private static int Total(List<int> columns, int[] widths) => columns.Sum(i => widths[i] + Gap.Length) - Gap.Length;

    /// <summary>Adds a row, one cell for each column.</summary>
    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, _columns.Length);
        _rows.Add([.. cells.Select((cell, i) => Cut(cell, _columns[i].MaxWidth))]);
    }

    /// <summary>The title line and the rows, without trailing spaces.</summary>
    public IEnumerable<string> Lines() => Lines([.. Enumerable.Range(0, _columns.Length)]);

    private IEnumerable<string> Lines(IReadOnlyList<int> columns)
    {
        int[] widths = Widths();
        yield return Line([.. _columns.Select(c => c.Title)], columns, widths);
        foreach (string[] row in _rows) yield return Line(row, columns, widths);
    }

    private int[] Widths() => [.. _columns.Select((column, i) =>
        _rows.Select(row => VisibleText.Width(row[i])).Append(VisibleText.Width(column.Title)).Max())];

    private string Line(string[] cells, IReadOnlyList<int> columns, int[] widths) => string.Join(Gap, columns.Select(i =>
    {
        string space = new(' ', widths[i] - VisibleText.Width(cells[i]));
        return _columns[i].AlignRight ? space + cells[i] : cells[i] + (HasRightToLeft(cells[i]) ? LeftToRightMark : "") + space;
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
