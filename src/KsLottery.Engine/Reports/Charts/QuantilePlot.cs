using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>The p-values in order against those of as many independent tests of nothing.</summary>
internal static class QuantilePlot
{
    public const string Name = "qq";

    public static Figure Draw(TestedRows rows)
    {
        const string Title = "Against chance";
        int[] counts = rows.RowsByCount();
        int tested = counts.Sum();
        List<(double Expected, double Observed, int Count, int Rows)> points = [];
        // Rows of one h have one p: their ranks are a range, of which the middle stands for all.
        int before = 0;
        for (int h = counts.Length - 1; h >= 0; h--)
        {
            if (counts[h] == 0) continue;
            points.Add((-Math.Log10((before + (counts[h] / 2.0)) / tested), -RowCloud.Log10(rows, h), h, counts[h]));
            before += counts[h];
        }
        double most = Math.Max(1, points.Largest(p => Math.Max(p.Expected, p.Observed))),
            right = Math.Max(1, points.Largest(p => p.Expected));
        SvgChart chart = new(Title, $"Observed against expected −log₁₀ p of {Digits.Count(tested, "row")}.",
            Axis.Root("expected −log₁₀ p", right), Axis.Root("observed −log₁₀ p", most));
        double end = Math.Min(chart.X.High, chart.Y.High);
        chart.Line([(0, 0), (end, end)], "quiet", dash: 1);
        NumberTable numbers = new("h", "rows", "expected_minus_log10_p", "observed_minus_log10_p");
        foreach ((double expected, double observed, int count, int number) in points)
        {
            numbers.Add(Digits.Exact(count), Digits.Exact(number), Digits.Exact(expected), Digits.Exact(observed));
            chart.Dot(expected, observed, SvgChart.Color(count >= rows.Ticket.CriticalCount ? 1 : 0),
                $"h = {Digits.Count(count)}: {Digits.Count(number, "row")}", isHollow: false);
        }
        chart.LegendLine("independent tests of no difference", "quiet", dash: 1);
        chart.LegendDot("in the ticket", SvgChart.Color(1));
        chart.LegendDot("not", SvgChart.Color(0));
        int rowsAbove = points.Where(p => p.Observed > p.Expected).Sum(p => p.Rows);
        int above = points.Count(p => p.Observed > p.Expected);
        return new(Name, Title, "A dot for each h: −log₁₀ p against what as many tests of nothing would give, both by their square roots. "
            + $"{Digits.Count(above)} of {Digits.Count(points.Count, "dot")} {(above == 1 ? "lies" : "lie")} above the line"
            + $"{(above == 0 ? "" : $", of {Digits.Count(rowsAbove, "row")}")}. A row before and after is one row twice, "
            + "not two independent samples: p is a score here, not an error rate.", chart, numbers);
    }
}
