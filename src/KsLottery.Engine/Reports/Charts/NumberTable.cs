using System.Text;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>The numbers of a chart, as its tab-separated file holds them.</summary>
internal sealed class NumberTable(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public IReadOnlyList<string> Columns => columns;

    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    /// <summary>Adds a row, one cell for each column; a cell holds no tab and no line feed, see <see cref="Text"/>.</summary>
    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, columns.Length);
        _rows.Add(cells);
    }

    /// <summary>A cell of any text.</summary>
    public static string Text(string text) => Markup.Visible(text);

    /// <summary>The file: a title line, tabs between columns, a line feed behind every line.</summary>
    public string ToTsv()
    {
        StringBuilder text = new();
        text.AppendJoin('\t', columns).Append('\n');
        foreach (string[] row in _rows) text.AppendJoin('\t', row).Append('\n');
        return text.ToString();
    }

    /// <summary>The table for the page.</summary>
    /// <param name="html">The page.</param>
    /// <param name="label">What the table is, for who cannot see it.</param>
    public void WriteHtml(StringBuilder html, string label)
    {
        html.Append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"").Append(Markup.Encode(label))
            .Append("\"><table><thead><tr>");
        foreach (string column in columns) html.Append("<th scope=\"col\">").Append(Markup.Encode(column)).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (string[] row in _rows)
        {
            html.Append("<tr>");
            foreach (string cell in row) html.Append("<td>").Append(Markup.Encode(Shorter(cell))).Append("</td>");
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div>");
    }

    private static string Shorter(string cell) =>
        cell.Length > 8 && PlainNumber.TryReal(cell, out double value)
            ? Digits.Real(value)
            : cell;
}
