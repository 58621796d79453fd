using System.Text;

namespace KsLottery.Engine.Reports;

/// <summary>A cell of a table on the page.</summary>
/// <param name="Text">What it shows, text of any origin.</param>
/// <param name="Value">What it is sorted by; null sorts by the text.</param>
/// <param name="Bar">A share from 0 to 1 that is drawn behind the text; null for none.</param>
internal readonly record struct PageCell(string Text, double? Value = null, double? Bar = null)
{
    public static PageCell Of(long value) => new(Digits.Count(value), value);

    public static PageCell Of(double value, int digits) => new(Digits.Fixed(value, digits), value);
}

/// <summary>A table on the page, which a press on a column's title sorts.</summary>
internal sealed class PageTable(params string[] columns)
{
    private readonly List<PageCell[]> _rows = [];

    /// <summary>Adds a row, a cell for each column.</summary>
    public void Add(params PageCell[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, columns.Length);
        _rows.Add(cells);
    }

    /// <summary>Writes the table. A title that begins with <c>&lt;</c> (not shown) heads a column of text, with <c>`</c> one of
    /// code.</summary>
    public void WriteHtml(StringBuilder html)
    {
        html.Append("<div class=\"card wide tall\"><table class=\"sort\"><thead><tr>");
        foreach (string column in columns)
            html.Append("<th scope=\"col\"").Append(IsText(column) ? " class=\"left\"" : "").Append("><button type=\"button\">")
                .Append(Markup.Encode(column.TrimStart('<', '`'))).Append("</button></th>");
        html.Append("</tr></thead><tbody>\n");
        foreach (PageCell[] row in _rows)
        {
            html.Append("<tr>");
            for (int i = 0; i < row.Length; i++) WriteCell(html, columns[i], row[i]);
            html.Append("</tr>\n");
        }
        html.Append("</tbody></table></div>\n");
    }

    private static void WriteCell(StringBuilder html, string column, PageCell cell)
    {
        html.Append("<td");
        if (IsText(column)) html.Append(" class=\"left long\"");
        else if (cell.Bar is { } share)
            html.Append(" class=\"bar\" style=\"--d:").Append(Digits.Place(100 * Math.Clamp(share, 0, 1))).Append("%\"");
        if (cell.Value is { } value && double.IsFinite(value)) html.Append(" data-v=\"").Append(Digits.Exact(value)).Append('"');
        string text = Markup.Encode(cell.Text);
        html.Append('>').Append(column.StartsWith('`') ? $"<bdi><code>{text}</code></bdi>" : text).Append("</td>");
    }

    private static bool IsText(string column) => column is ['<' or '`', ..];
}
