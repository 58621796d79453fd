using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>How many rows, or values of units, several tickets share.</summary>
internal static class TicketOverlap
{
    public const string Name = "ticket-overlap", UnitName = "unit-overlap";

    private const int MaxTickets = 24, MaxNumbers = 8;

    /// <summary>Of tickets of rows: their ids.</summary>
    public static Figure? Draw(IReadOnlyList<(string Name, Ticket Ticket)> tickets) => Draw(Name, "row",
        [.. tickets.Where(t => t.Ticket.Entries.Count > 0).Select(t => (t.Name, t.Ticket.Ids.ToHashSet()))],
        (one, other) => one.Count(other.Contains), set => set.Count);

    /// <summary>Of tickets of units: their values.</summary>
    public static Figure? Draw(IReadOnlyList<(string Name, TicketMask Mask)> masks) => Draw(UnitName, "value",
        [.. masks.Where(m => m.Mask.Count > 0)], (one, other) => one.Intersect(other).Parameters, mask => mask.Parameters);

    private static Figure? Draw<T>(string name, string noun, IReadOnlyList<(string Name, T Set)> all, Func<T, T, long> shared,
        Func<T, long> sizeOf)
    {
        const string Title = "What the tickets have in common";
        if (all.Count < 2) return null;
        (string Name, T Set)[] sets = [.. all.Take(MaxTickets)];
        int left = all.Count - sets.Length;
        string[] names = [.. sets.Select(s => s.Name)];
        SvgChart chart = new(Title, $"Jaccard index of each two of {Digits.Count(sets.Length)} tickets.",
            Axis.Names("", [.. Enumerable.Range(1, sets.Length).Select(i => Digits.Count(i))]),
            Axis.Names("", [.. names.Index().Select(n => $"{Digits.Count(n.Index + 1)} {n.Item}").Reverse()]),
            height: Math.Clamp(20 * sets.Length, 60, 20 * MaxTickets));
        NumberTable numbers = new("ticket", "other_ticket", "shared", "jaccard");
        for (int i = 0; i < sets.Length; i++)
        {
            for (int j = 0; j < sets.Length; j++)
            {
                long both = shared(sets[i].Set, sets[j].Set);
                double index = (double)both / (sizeOf(sets[i].Set) + sizeOf(sets[j].Set) - both);
                chart.Cell((j, j + 1), (sets.Length - 1 - i, sets.Length - i),
                    SvgChart.LegibleOpacity * (double.IsNaN(index) ? 0 : index), SvgChart.Color(0),
                    $"{sets[i].Name} and {sets[j].Name}: {Digits.Count(both, $"shared {noun}")}, Jaccard {Digits.Fixed(index, 2)}",
                    sets.Length <= MaxNumbers ? Digits.Fixed(index, 2) : "");
                if (i < j)
                    numbers.Add(NumberTable.Text(sets[i].Name), NumberTable.Text(sets[j].Name), Digits.Exact(both), Digits.Exact(index));
            }
        }
        chart.LegendScale("Jaccard index, 0 to 1", 0, SvgChart.LegibleOpacity, "cell c0");
        return new(name, Title,
            $"The {noun}s that two tickets share, as a part of those that either has (Jaccard): full where they are the same, "
            + "empty where they share none." + (left > 0 ? $" {Digits.Count(left, "more ticket")} are left out." : ""), chart, numbers);
    }
}
