using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>How many rows several tickets share.</summary>
internal static class TicketOverlap
{
    public const string Name = "ticket-overlap";

    private const int MaxTickets = 24;

    public static Figure? Draw(IReadOnlyList<(string Name, Ticket Ticket)> tickets)
    {
        const string Title = "What the tickets have in common";
        (string Name, HashSet<long> Ids)[] sets =
            [.. tickets.Where(t => t.Ticket.Entries.Count > 0).Take(MaxTickets).Select(t => (t.Name, t.Ticket.Ids.ToHashSet()))];
        if (sets.Length < 2) return null;
        string[] names = [.. sets.Select(s => s.Name)];
        SvgChart chart = new(Title, $"Jaccard index of each two of {Digits.Count(sets.Length)} tickets.",
            Axis.Names("", [.. Enumerable.Range(1, sets.Length).Select(i => Digits.Count(i))]),
            Axis.Names("", [.. names.Index().Select(n => $"{Digits.Count(n.Index + 1)} {n.Item}").Reverse()]),
            height: Math.Clamp(20 * sets.Length, 60, 300));
        NumberTable numbers = new("ticket", "other_ticket", "shared", "jaccard");
        for (int i = 0; i < sets.Length; i++)
        {
            for (int j = 0; j < sets.Length; j++)
            {
                int shared = sets[i].Ids.Count(sets[j].Ids.Contains);
                double index = (double)shared / (sets[i].Ids.Count + sets[j].Ids.Count - shared);
                chart.Cell((j, j + 1), (sets.Length - 1 - i, sets.Length - i), index, SvgChart.Color(0),
                    $"{sets[i].Name} and {sets[j].Name}: {Digits.Count(shared, "shared row")}, Jaccard {Digits.Fixed(index, 2)}");
                if (i < j)
                    numbers.Add(NumberTable.Text(sets[i].Name), NumberTable.Text(sets[j].Name), Digits.Exact(shared), Digits.Exact(index));
            }
        }
        return new(Name, Title,
            "The rows that two tickets share, as a part of those that either has (Jaccard): full where they are the same, "
            + "empty where they share none.", chart, numbers);
    }
}
