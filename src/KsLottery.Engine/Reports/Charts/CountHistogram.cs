namespace KsLottery.Engine.Reports;

/// <summary>How many rows have which h, with the h that each level asks for.</summary>
internal static class CountHistogram
{
    public const string Name = "d-histogram";

    private const double Floor = 0.7;

    public static Figure Draw(TestedRows rows)
    {
        const string Title = "How far the rows moved";
        int[] counts = rows.RowsByCount();
        List<(double Alpha, string Name)> levels = Levels(rows);
        int last = Math.Min(rows.Width, Math.Max(rows.LargestCount, levels.Max(l => rows.Null.CriticalCount(l.Alpha))) + 1);
        SvgChart chart = new(Title, $"Histogram of h over {Digits.Count(rows.Counts.Count, "row")}; the largest is "
            + $"{Digits.Count(rows.LargestCount)}.",
            Axis.Linear($"h = d·D, of d = {Digits.Count(rows.Width)}", -0.5, last + 0.5),
            Axis.Log("rows", Floor, Math.Max(10, 1.6 * counts.Max())));
        chart.Bars(counts.Index().Where(c => c.Item > 0).Select(c => (c.Index - 0.5, c.Index + 0.5, (double)c.Item)), SvgChart.Color(0));
        NumberTable numbers = new("h", "D", "p_value", "log10_p", "rows");
        foreach ((int h, int count) in counts.Index().Where(c => c.Item > 0))
            numbers.Add(Digits.Exact(h), Digits.Exact((double)h / rows.Width), Digits.Exact(rows.Null.PValue(h)),
                Digits.Exact(rows.Null.Log10PValue(h)), Digits.Exact(count));
        foreach ((double alpha, string name) in levels)
            if (rows.Null.CriticalCount(alpha) is var h && h <= rows.Width)
                chart.RuleAtX(h - 0.5, name, !rows.Ticket.IsByRank && alpha == rows.Ticket.Selection.Alpha ? SvgChart.Color(1) : "quiet");
        return new(Name, Title, "One bar for each whole number h, on a logarithmic scale of rows. D = h/d is the largest distance between "
            + "a row's values before and after, as distributions. Rows at or right of a line are below that α; the last line divides 0.05 "
            + "by the number of rows (Bonferroni).", chart, numbers);
    }

    private static List<(double Alpha, string Name)> Levels(TestedRows rows)
    {
        List<(double, string)> levels = [];
        double[] own = rows.Ticket.IsByRank ? [] : [rows.Ticket.Selection.Alpha];
        foreach (double alpha in ((double[])[.. own, 0.05, 0.01, 0.001]).Distinct().OrderDescending())
            levels.Add((alpha, $"α = {Digits.Real(alpha)}"));
        if (rows.Ticket.Tested > 1) levels.Add((0.05 / rows.Ticket.Tested, $"0.05 / {Digits.Count(rows.Ticket.Tested)}"));
        return levels;
    }
}
