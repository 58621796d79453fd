using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Which matrices of a model the fine-tune touched.</summary>
internal static class TensorShiftMap
{
    public const string Name = "tensor-map";

    public static Figure Draw(IReadOnlyList<TensorMapLine> tensors)
    {
        const string Title = "Which tensors it touched";
        double most = Math.Max(1e-9, tensors.Largest(t => t.LargestStatistic));
        SvgChart chart = TensorFields.Draw(Title, $"The largest D of a row in each of {Digits.Count(tensors.Count)} matrices.",
            [.. tensors.Select(t => new TensorField(t.Name, t.LargestStatistic / most, SvgChart.Color(t.TicketRows > 0 ? 1 : 0),
                $"{t.Name}: {Digits.Count(t.Rows - t.Unchanged)} of {Digits.Count(t.Rows, "row")} changed, "
                + $"{Digits.Count(t.TicketRows)} below α, largest D {Digits.Fixed(t.LargestStatistic, 4)}"))]);
        chart.LegendDot("some rows below α", SvgChart.Color(1));
        chart.LegendDot("none", SvgChart.Color(0));
        chart.LegendScale($"largest D, 0 to {Digits.Fixed(most, 4)}", TensorFields.Faint, 1, "quiet");
        NumberTable numbers = new("tensor", "rows", "width", "changed", "ticket_rows", "largest_h", "largest_D");
        foreach (TensorMapLine t in tensors)
            numbers.Add(NumberTable.Text(t.Name), Digits.Exact(t.Rows), Digits.Exact(t.Width), Digits.Exact(t.Rows - t.Unchanged),
                Digits.Exact(t.TicketRows), Digits.Exact(t.LargestCount), Digits.Exact(t.LargestStatistic));
        return new(Name, Title, "A field for every matrix, the stronger the larger the D of its most moved row; the strongest is "
            + $"{Digits.Fixed(most, 4)}. A faint field kept every value or nearly so.", chart, numbers);
    }
}
