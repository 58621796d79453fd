namespace KsLottery.Engine.Reports;

/// <summary>How many rows have which h, with the h that each level asks for.</summary>
internal static class CountHistogram
{
    public const string Name = "d-histogram";

    private const int MaxBars = 64;
    private const double Floor = 0.7;
    private const string Bonferroni = "0.05 /";

    public static Figure Draw(TestedRows rows)
    {
        const string Title = "How far the rows moved";
        int[] counts = rows.RowsByCount();
        List<(double Alpha, string Name)> levels = Levels(rows);
        int last = Math.Min(rows.Width, Math.Max(rows.LargestCount, levels.Max(l => rows.Null.CriticalCount(l.Alpha))) + 1);
        int wide = (last + MaxBars) / MaxBars, first = rows.Ticket.CriticalCount is > 0 and var critical && critical <= last
            ? (critical % wide) - wide : 0;
        (int From, int Rows)[] bars = [.. counts.Index().Where(c => c.Item > 0).GroupBy(c => (c.Index - first) / wide)
            .Select(g => ((g.Key * wide) + first, g.Sum(c => c.Item)))];
        SvgChart chart = new(Title, $"Histogram of h over {Digits.Count(rows.Counts.Count, "row")}; the largest is "
            + $"{Digits.Count(rows.LargestCount)}.",
            Axis.Rounded($"h = d·D, of d = {Digits.Count(rows.Width)}", 0, last),
            Axis.Log("rows", Floor, Math.Max(10, (double)bars.Max(b => b.Rows))));
        chart.Bars(bars.Select(b => (Math.Max(b.From - 0.5, 0), b.From + wide - 0.5, (double)b.Rows)), SvgChart.Color(0));
        NumberTable numbers = new("h", "D", "p_value", "log10_p", "rows");
        foreach ((int h, int count) in counts.Index().Where(c => c.Item > 0))
            numbers.Add(Digits.Exact(h), Digits.Exact((double)h / rows.Width), Digits.Exact(rows.Null.PValue(h)),
                Digits.Exact(rows.Null.Log10PValue(h)), Digits.Exact(count));
        (double Alpha, string Name)[] drawn = [.. levels.Where(l => rows.Null.CriticalCount(l.Alpha) <= rows.Width)];
        foreach ((double alpha, string name) in drawn)
            if (rows.Null.CriticalCount(alpha) is var h)
                chart.RuleAtX(h - 0.5, name, !rows.Ticket.IsByRank && alpha == rows.Ticket.Selection.Alpha ? SvgChart.Color(1) : "quiet");
        string bar = wide == 1 ? "each whole number h" : $"every {Digits.Count(wide)} whole numbers h";
        return new(Name, Title, $"One bar for {bar}, on a logarithmic scale of rows. D = h/d is the largest distance between "
            + "a row’s values before and after, as distributions."
            + (drawn.Length > 0 ? " Rows at or right of a line are below that α." : "")
            + (drawn.Any(l => l.Name.StartsWith(Bonferroni, StringComparison.Ordinal)) ? " 0.05 divided by the number of rows is "
                + "Bonferroni’s level." : ""), chart, numbers);
    }

    private static List<(double Alpha, string Name)> Levels(TestedRows rows)
    {
        List<(double, string)> levels = [];
        double[] own = rows.Ticket.IsByRank ? [] : [rows.Ticket.Selection.Alpha];
        foreach (double alpha in ((double[])[.. own, 0.05, 0.01, 0.001]).Distinct().OrderDescending())
            levels.Add((alpha, $"α = {Digits.Real(alpha)}"));
        if (rows.Ticket.Tested > 1) levels.Add((0.05 / rows.Ticket.Tested, $"{Bonferroni} {Digits.Count(rows.Ticket.Tested)}"));
        return levels;
    }
}
