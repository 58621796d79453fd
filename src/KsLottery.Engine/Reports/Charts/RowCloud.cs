using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>−log₁₀ p of every row against something else: a dot for each row of the ticket on top of the cloud of all others.</summary>
internal static class RowCloud
{
    private const int MaxDots = 500, MaxLarge = 150, MaxNames = 14;
    private const string Legend = "in the ticket";

    /// <summary>The axis of −log₁₀ p.</summary>
    public static Axis Probabilities(TestedRows rows)
    {
        double most = Math.Max(-Log10(rows, rows.LargestCount), -Math.Log10(rows.Ticket.Selection.Alpha));
        return Axis.Root("−log₁₀ p", Math.Max(2, most));
    }

    /// <summary>The logarithm of p, which is finite for the page: an asymptotic p of 0 lies at the end of what a drawing can
    /// show.</summary>
    public static double Log10(TestedRows rows, int count) =>
        Math.Max(-1e6, rows.Null.Log10PValue(count)) is var log10 && log10 < 0 ? log10 : 0;

    /// <summary>Draws the rows.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="place">A row's place to the right.</param>
    /// <returns>A sentence on which rows are named, and which are not.</returns>
    public static string Draw(SvgChart chart, TestedRows rows, Func<int, double> place)
    {
        TicketEntry[] dots = [.. rows.Ticket.Entries.Take(MaxDots)];
        bool isSmall = rows.Ticket.Entries.Count > MaxLarge;
        HashSet<int> drawn = [.. rows.Ticket.Entries.Select(d => d.Id)];
        List<(double, double)> others = [];
        for (int id = 0; id < rows.Counts.Count; id++)
            if (rows.Counts[id] >= 0 && !drawn.Contains(id)) others.Add((place(id), -Log10(rows, rows.Counts[id])));
        chart.Cloud(others, isStrong: false, "other rows");
        int more = rows.Ticket.Entries.Count - dots.Length;
        bool isPicture = more > Density.MaxPoints;
        chart.Cloud([.. rows.Ticket.Entries.Skip(MaxDots).Select(e => (place(e.Id), -Log10(rows, e.Count)))], isStrong: true,
            isPicture ? "more of the ticket" : Legend, isSmall);
        foreach (TicketEntry entry in dots.Reverse())
            chart.Dot(place(entry.Id), -Log10(rows, entry.Count), SvgChart.Color(1), Tip(entry), isSmall: isSmall);
        if (rows.Ticket.CriticalCount <= rows.Width && rows.Ticket.CriticalCount > 0)
            chart.RuleAtY(-Log10(rows, rows.Ticket.CriticalCount), $"h ≥ {Digits.Count(rows.Ticket.CriticalCount)}", "quiet");
        if (dots.Length > 0 && (more == 0 || isPicture)) chart.LegendDot(Legend, SvgChart.Color(1));
        int named = rows.Best.Take(MaxNames)
            .Count(entry => chart.TryName(place(entry.Id), -Log10(rows, entry.Count), Name(entry), SvgChart.Color(1)));
        string which = rows.Ticket.Entries.Count > 0 ? "the ticket’s" : "the";
        return named == rows.Best.Count ? "" : $" {Digits.Count(named)} of {which} {Digits.Count(rows.Best.Count, "row")} "
            + $"{(named == 1 ? "is" : "are")} named: of the {Digits.Count(Math.Min(MaxNames, rows.Best.Count))} of largest h those for "
            + "which there is room.";
    }

    /// <summary>A row's token in quotes, cut where it is longer, or its id where no tokenizer names it.</summary>
    public static string Name(TicketEntry entry, int columns = int.MaxValue) =>
        entry.Piece.Length > 0 ? $"“{Markup.Cut(entry.Piece, columns)}”" : $"#{Digits.Exact(entry.Id)}";

    private static string Tip(TicketEntry entry) =>
        $"{Name(entry)} (id {Digits.Exact(entry.Id)}): h = {Digits.Count(entry.Count)}, D = {Digits.Fixed(entry.Statistic, 4)}, p = "
        + $"{Digits.Probability(entry.Log10PValue)}";
}
