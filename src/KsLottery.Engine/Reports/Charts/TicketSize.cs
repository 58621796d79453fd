namespace KsLottery.Engine.Reports;

/// <summary>How many rows the ticket would have at every α.</summary>
internal static class TicketSize
{
    public const string Name = "ticket-size";

    private const double MaxAlpha = 0.9, MinLog10 = -12, Floor = 0.7;

    public static Figure Draw(TestedRows rows)
    {
        const string Title = "The ticket at every α";
        int[] counts = rows.RowsByCount();
        List<(double Log10, int Rows)> steps = [];
        int above = 0;
        for (int h = counts.Length - 1; h > 0; h--)
        {
            if (counts[h] == 0) continue;
            above += counts[h];
            steps.Add((RowCloud.Log10(rows, h), above));
        }
        double low = Math.Pow(10, Math.Max(MinLog10, Math.Min(-3, steps.Select(s => s.Log10).DefaultIfEmpty().Min() - 0.5)));
        (double Alpha, double Rows)[] drawn =
            [(low, steps.Where(s => s.Log10 < Math.Log10(low)).Select(s => s.Rows).DefaultIfEmpty().Max()),
             .. steps.Select(s => (Alpha: Math.Pow(10, s.Log10), Rows: (double)s.Rows)).Where(s => s.Alpha > low && s.Alpha < MaxAlpha)];
        double most = Math.Max(1, drawn[^1].Rows);
        SvgChart chart = new(Title, $"Rows below α, from {Digits.Count((long)drawn[0].Rows)} to {Digits.Count((long)most)}.",
            Axis.Log("α", low, MaxAlpha), Axis.Log("rows in the ticket", Floor, Math.Max(10, most)));
        chart.Steps(drawn.Append((MaxAlpha, most)), SvgChart.Color(0));
        double own = rows.Ticket.Selection.Alpha;
        if (!rows.Ticket.IsByRank && own > low && own < MaxAlpha)
        {
            int below = steps.Where(s => s.Log10 < Math.Log10(own)).Select(s => s.Rows).DefaultIfEmpty().Max();
            chart.RuleAtX(own, $"α = {Digits.Real(own)}: {Digits.Count(below, "row")}", SvgChart.Color(1));
        }
        NumberTable numbers = new("log10_alpha_above", "rows");
        foreach ((double log10, int number) in steps) numbers.Add(Digits.Exact(log10), Digits.Exact(number));
        return new(Name, Title, "How many rows are below each α, without a correction. Tickets are nested: that of a smaller α is a part "
            + "of every larger one. A flat stretch means that the choice of α does not matter there.", chart, numbers);
    }
}
