using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>How far the values of a ticket moved.</summary>
internal static class UnitMoves
{
    public const string Name = "unit-moves";

    private const double Floor = 0.7;

    public static Figure? Draw(UnitFinding found)
    {
        const string Title = "How far its values moved";
        if (found.Moves is not { } moves || moves.Bins.ToArray() is not { Length: > 0 } bins) return null;
        SvgChart chart = new(Title, $"Histogram of |tuned − base| over {Digits.Count(moves.Read, "value")} of the ticket.",
            Axis.Log("|tuned − base|", bins[0].From, bins[^1].To),
            Axis.Log("values", Floor, Math.Max(10, bins.Largest(b => b.Count))));
        chart.Bars(bins.Select(b => ((double)b.From, (double)b.To, (double)b.Count)), SvgChart.Color(0));
        bool isThreshold = found.Ticket is { Score: "movement" } && found.Ticket.Unit == Tickets.TicketUnit.Elements
            && moves is { Equal: 0 } && moves.Read == moves.Values && !found.Ticket.Recipe.Contains("|seed:", StringComparison.Ordinal);
        if (isThreshold) chart.RuleAtX(moves.Smallest, "threshold", SvgChart.Color(1));
        NumberTable numbers = new("from", "to", "values");
        numbers.Add("0", "0", Digits.Exact(moves.Equal));
        foreach ((double from, double to, long count) in bins) numbers.Add(Digits.Exact(from), Digits.Exact(to), Digits.Exact(count));
        return new(Name, Title, $"The ticket’s own values before and after, on logarithmic scales. "
            + $"The smallest difference is {Digits.Real(moves.Smallest)}"
            + (isThreshold ? ", by which a value got into the ticket; " : "; ")
            + $"the largest is {Digits.Real(moves.Largest)}. "
            + (moves.Equal > 0 ? $"{Digits.Count(moves.Equal, "value")} did not move and have no bar. " : "")
            + (moves.Read < moves.Values ? $"Of {Digits.Count(moves.Values, "value")} {Digits.Count(moves.Read)} were read, evenly spread."
                : ""), chart, numbers);
    }
}
