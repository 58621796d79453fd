using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Reports;

/// <summary>A cell of a table on the page.</summary>
/// <param name="Text">What it shows, text of any origin.</param>
/// <param name="Value">What it is sorted by; null sorts by the text.</param>
/// <param name="Bar">A share from 0 to 1 that is drawn behind the text; null for none.</param>
/// <param name="IsBest">Whether it is the best of its column.</param>
internal readonly record struct PageCell(string Text, double? Value = null, double? Bar = null, bool IsBest = false)
{
    public static PageCell Of(long value) => new(Digits.Count(value), value);

    public static PageCell Of(double value, int digits) => new(Digits.Fixed(value, digits), value);

    /// <summary>A share as a percentage; as many digits behind the point as all of its column.</summary>
    public static PageCell Percent(double share) =>
        new(Math.Abs(share) is 0 or (>= 0.0001 and < 1000) ? Digits.Fixed(100 * share, 2) + " %" : Digits.Percent(share), share);

    /// <summary>A token in quotes, so that its blanks and its ends can be seen; empty where it has no name.</summary>
    public static PageCell Token(string piece) => new(piece.Length == 0 ? "" : $"“{piece}”");
}

/// <summary>A table on the page, which a press on a column's title sorts.</summary>
internal sealed class PageTable(params string[] columns)
{
    private const int MaxTextWidth = 36;

    private readonly List<PageCell[]> _rows = [];

    /// <summary>Adds a row, a cell for each column.</summary>
    public void Add(params PageCell[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, columns.Length);
        _rows.Add(cells);
    }

    /// <summary>Writes the table; a column that is empty in every row is left out. A title that begins with <c>&lt;</c> (not shown)
    /// heads a column of text, with <c>`</c> one of code.</summary>
    /// <param name="html">The page.</param>
    /// <param name="label">What the table is, for who cannot see it.</param>
    public void WriteHtml(StringBuilder html, string label)
    {
        int[] shown = [.. Enumerable.Range(0, columns.Length).Where(i => _rows.Exists(row => row[i].Text.Length > 0))];
        int[] fractions = [.. columns.Select((_, i) => FractionWidth(i))];
        html.Append("<div class=\"card wide tall\" tabindex=\"0\" role=\"region\" aria-label=\"").Append(Markup.Encode(label))
            .Append("\"><table class=\"sort\"><thead><tr>");
        foreach ((int i, string column) in shown.Select(i => (i, columns[i])))
            html.Append("<th scope=\"col\"").Append(IsText(column) ? $" class=\"left\" style=\"--n:{LongestOf(i)}\"" : "")
                .Append("><button type=\"button\">")
                .Append(Markup.Encode(column.TrimStart('<', '`').TrimEnd())).Append("</button></th>");
        html.Append("</tr></thead><tbody>\n");
        foreach (PageCell[] row in _rows)
        {
            html.Append("<tr>");
            foreach (int i in shown) WriteCell(html, columns[i], row[i], fractions[i]);
            html.Append("</tr>\n");
        }
        html.Append("</tbody></table></div>\n");
    }

    private static void WriteCell(StringBuilder html, string column, PageCell cell, int fraction)
    {
        html.Append("<td");
        if (IsText(column)) html.Append(" class=\"left long\"");
        else if (cell.IsBest) html.Append(" class=\"best\"");
        if (cell.Value is { } value && double.IsFinite(value)) html.Append(" data-v=\"").Append(Digits.Exact(value)).Append('"');
        html.Append('>');
        string text = Markup.Encode(cell.Text);
        if (column.StartsWith('`')) html.Append("<bdi><code>").Append(text).Append("</code></bdi>");
        else if (fraction > 0 && FractionOf(cell.Text) is var from && from >= 0)
            html.Append(Markup.Encode(cell.Text[..from])).Append("<span class=\"part\" style=\"--w:").Append(fraction).Append("\">")
                .Append(Markup.Encode(cell.Text[from..])).Append("</span>");
        else html.Append(text);
        if (cell.Bar is { } share)
            html.Append("<span class=\"gauge\" style=\"--d:").Append(Digits.Place(100 * Math.Clamp(share, 0, 1))).Append("%\"></span>");
        html.Append("</td>");
    }

    /// <summary>How wide a column of text wants to be, in letters.</summary>
    private int LongestOf(int column) => Math.Min(MaxTextWidth, _rows.Max(row => VisibleText.Width(row[column].Text)) + 1);

    /// <summary>How many letters the longest part behind a decimal point has, where they differ: numbers stand with their points below
    /// each other.</summary>
    private int FractionWidth(int column)
    {
        if (IsText(columns[column])) return 0;
        int[] lengths = [.. _rows.Select(row => row[column].Text).Where(text => FractionOf(text) >= 0)
            .Select(text => text.Length - FractionOf(text)).Distinct()];
        return lengths.Length > 1 ? lengths.Max() : 0;
    }

    /// <summary>Where the part behind a number's whole digits begins: its decimal point, its unit, or its end; -1 of other text.</summary>
    private static int FractionOf(string text)
    {
        int place = text.IndexOfAnyExceptInRange('0', '9');
        while (place >= 0 && place < text.Length && (char.IsAsciiDigit(text[place]) || text[place] is ',' or '−' or '+')) place++;
        return text.Length == 0 || !text.Any(char.IsAsciiDigit) ? -1 : place < 0 ? text.Length : place;
    }

    private static bool IsText(string column) => column is ['<' or '`', ..];
}
