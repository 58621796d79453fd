using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>A ticket and the h of every row that it was chosen from.</summary>
internal sealed class TestedRows
{
    private const int DefaultRanking = 20;

    private TestedRows(Ticket ticket, int[] counts, IReadOnlyList<TicketEntry> best) =>
        (Ticket, Counts, Best, Null) =
            (ticket, counts, best, NullDistribution.ForEqualLengths(ticket.Origin.Width, ticket.Selection.Method));

    public Ticket Ticket { get; }

    /// <summary>h by row number, -1 where there is none or a value is not finite.</summary>
    public IReadOnlyList<int> Counts { get; }

    /// <summary>The ticket's rows, best first; where it is empty those that come nearest to it.</summary>
    public IReadOnlyList<TicketEntry> Best { get; }

    /// <summary>Turns h into p.</summary>
    public NullDistribution Null { get; }

    /// <summary>d.</summary>
    public int Width => Ticket.Origin.Width;

    public int LargestCount => Counts.Count == 0 ? 0 : Math.Max(0, Counts.Max());

    /// <summary>The number of rows with each h, from 0 to d.</summary>
    public int[] RowsByCount()
    {
        int[] rows = new int[Width + 1];
        foreach (int count in Counts)
            if (count >= 0) rows[count]++;
        return rows;
    }

    /// <summary>Takes what a scan found.</summary>
    public static TestedRows From(Ticket ticket, ScoredRows rows, RowTokens tokens) => new(ticket,
        [.. rows.Scan.Rows.Select(r => r.IsEligible ? r.Count : -1)],
        ticket.Entries.Count > 0 ? ticket.Entries : Ticket.Describe(rows, rows.RankTop(DefaultRanking), tokens));

    /// <summary>Reads a <c>rows.tsv</c> beside its ticket.</summary>
    /// <exception cref="InvalidDataException">A line is damaged, or the rows are not those of the ticket; names file and line.</exception>
    public static TestedRows Read(string path, Ticket ticket, CancellationToken cancellationToken)
    {
        (int rows, int width) = (ticket.Origin.Rows, ticket.Origin.Width);
        int[] counts = new int[rows];
        PriorityQueue<TicketEntry, (int, double, int)> best = new();
        int next = 0;
        foreach (TsvLine line in TsvFile.Read(path, RowsFile.Header.Split('\t')))
        {
            if (next == rows || line.Integer("token_id", 0, rows - 1L) != next)
                throw line.Wrong("token_id", next == rows ? $"the ticket beside it has {Digits.Exact(rows)} rows"
                    : $"row {Digits.Exact(next)} comes here");
            if (next % 4096 == 0) cancellationToken.ThrowIfCancellationRequested();
            counts[next] = line.Text("h") == "nan" || line.Text("category").StartsWith("non-finite", StringComparison.Ordinal) ? -1
                : (int)line.Integer("h", 0, width);
            // Only an empty ticket needs more than its own rows.
            if (ticket.Entries.Count == 0 && counts[next] > 0 && (best.Count < DefaultRanking || counts[next] >= best.Peek().Count))
            {
                TicketEntry entry = Entry(line, next, counts[next], width);
                best.Enqueue(entry, (entry.Count, entry.RelativeDelta, -entry.Id));
                if (best.Count > DefaultRanking) best.Dequeue();
            }
            next++;
        }
        if (next < rows)
            throw new InvalidDataException($"{path}: {Digits.Exact(next)} rows, the ticket beside it has {Digits.Exact(rows)}. "
                + $"{Remedy.FindAgain}.");
        if (ticket.Entries.FirstOrDefault(e => counts[e.Id] != e.Count) is { } other)
            throw new InvalidDataException($"{path}: row {Digits.Exact(other.Id)} has another h than in the ticket beside it. The files "
                + $"are not of one run. {Remedy.FindAgain}.");
        if (ticket.Entries.Count > 0) return new(ticket, counts, ticket.Entries);
        List<TicketEntry> ranking = [];
        while (best.TryDequeue(out TicketEntry? entry, out _)) ranking.Insert(0, entry);
        return new(ticket, counts, ranking);
    }

    private static TicketEntry Entry(TsvLine line, int id, int count, int width) =>
        new(id, line.Text("piece"), line.Text("category"), count, (double)count / width,
        line.Real("p_value"), line.Real("log10_p"), line.Real("adjusted_p"), (int)line.Integer("sign", -1, 1), (float)line.Real("location"),
        line.Real("l2_delta"), line.Real("relative_delta"), line.Real("cosine"));
}
