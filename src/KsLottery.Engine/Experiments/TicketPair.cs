namespace KsLottery.Engine.Experiments;

/// <summary>Two tickets of an experiment, and what they share.</summary>
/// <param name="One">The first.</param>
/// <param name="Other">The second.</param>
internal sealed record TicketPair(FoundTicket One, FoundTicket Other)
{
    /// <summary>Every two tickets, in their order.</summary>
    public static IEnumerable<TicketPair> Of(IReadOnlyList<FoundTicket> tickets)
    {
        ArgumentNullException.ThrowIfNull(tickets);
        return tickets.SelectMany((one, i) => tickets.Skip(i + 1).Select(other => new TicketPair(one, other)));
    }

    /// <summary>The rows that both have.</summary>
    public long Shared { get; } = One.Ticket.Ids.Intersect(Other.Ticket.Ids).Count;

    /// <summary>The rows that either has.</summary>
    public long Union => One.Ticket.Entries.Count + Other.Ticket.Entries.Count - Shared;

    /// <summary>Jaccard's index: <see cref="Shared"/> over <see cref="Union"/>; NaN where both are empty.</summary>
    public double Jaccard => Union == 0 ? double.NaN : (double)Shared / Union;

    /// <summary>The rows that two tickets of these sizes would share on average, were their rows drawn from the whole embedding.</summary>
    public double SharedByChance => (double)One.Ticket.Entries.Count * Other.Ticket.Entries.Count / One.Ticket.Origin.Rows;
}
