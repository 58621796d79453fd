using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Which matrices of a model the fine-tune touched: kinds of matrices down, layers to the right.</summary>
internal static class TensorShiftMap
{
    public const string Name = "tensor-map";

    private const int MaxParts = 40;
    private const double Faint = 0.07;

    public static Figure Draw(IReadOnlyList<TensorMapLine> tensors)
    {
        const string Title = "Which tensors it touched";
        (string Part, int? Layer, TensorMapLine Tensor)[] placed = [.. tensors.Select(t => (Part(t.Name, out int? layer), layer, t))];
        string[] parts = [.. placed.Select(p => p.Part).Distinct().Take(MaxParts)];
        int?[] layers = [.. placed.Select(p => p.Layer).Distinct().OrderBy(l => l ?? -1)];
        double most = Math.Max(1e-9, tensors.Largest(t => t.LargestStatistic));
        string[] columns = [.. layers.Select(l => l is { } layer ? layer.ToString(CultureInfo.InvariantCulture) : "")];
        SvgChart chart = new(Title, $"The largest D of a row in each of {Digits.Count(tensors.Count)} matrices.",
            Axis.Names("layer", columns), Axis.Names("", [.. parts.Reverse()]), height: Math.Clamp(20 * parts.Length, 40, 400));
        foreach ((string part, int? layer, TensorMapLine tensor) in placed)
        {
            int row = Array.IndexOf(parts, part), column = Array.IndexOf(layers, layer);
            if (row < 0) continue;
            row = parts.Length - 1 - row;
            chart.Cell((column, column + 1), (row, row + 1), Faint + ((1 - Faint) * tensor.LargestStatistic / most),
                SvgChart.Color(tensor.TicketRows > 0 ? 1 : 0),
                $"{tensor.Name}: {Digits.Count(tensor.Rows - tensor.Unchanged)} of {Digits.Count(tensor.Rows, "row")} changed, "
                + $"{Digits.Count(tensor.TicketRows)} below α, largest D {Digits.Fixed(tensor.LargestStatistic, 4)}");
        }
        chart.LegendDot("some rows below α", SvgChart.Color(1));
        chart.LegendDot("none", SvgChart.Color(0));
        NumberTable numbers = new("tensor", "rows", "width", "changed", "ticket_rows", "largest_h", "largest_D");
        foreach (TensorMapLine t in tensors)
            numbers.Add(NumberTable.Text(t.Name), Digits.Exact(t.Rows), Digits.Exact(t.Width), Digits.Exact(t.Rows - t.Unchanged),
                Digits.Exact(t.TicketRows), Digits.Exact(t.LargestCount), Digits.Exact(t.LargestStatistic));
        return new(Name, Title, "A field for every matrix, the stronger the larger the D of its most moved row; the strongest is "
            + $"{Digits.Fixed(most, 4)}. A faint field kept every value or nearly so.", chart, numbers);
    }

    /// <summary>A tensor's name without its layer's number: <c>model.layers.3.mlp.up_proj.weight</c> is <c>mlp.up_proj</c> of layer
    /// 3.</summary>
    internal static string Part(string name, out int? layer)
    {
        layer = null;
        string[] parts = name.Split('.');
        int place = Array.FindIndex(parts, p => p.Length is > 0 and < 6 && p.All(char.IsAsciiDigit));
        if (place >= 0)
        {
            layer = PlainNumber.TryDigits(parts[place], out int number) ? number : null;
            parts = parts[(place + 1)..];
        }
        else if (parts is ["model", ..]) parts = parts[1..];
        if (parts is [.., "weight"] && parts.Length > 1) parts = parts[..^1];
        return string.Join('.', parts);
    }
}
