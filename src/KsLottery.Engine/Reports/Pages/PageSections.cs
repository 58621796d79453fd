using System.Text;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>The tables and sentences of the page's sections.</summary>
internal static class PageSections
{
    private const int MaxRows = 500;

    /// <summary>What was found, in two sentences.</summary>
    public static string Summary(TestedRows rows)
    {
        Ticket ticket = rows.Ticket;
        string changed = ticket.Unchanged == ticket.Origin.Rows ? "The fine-tune changed no row"
            : $"The fine-tune changed {Digits.Count(ticket.Origin.Rows - ticket.Unchanged)} of the "
                + $"{Digits.Count(ticket.Origin.Rows, "row")}";
        string stand = ticket.Entries.Count == 0
            ? $"None stands out{(ticket.IsByRank ? "" : $" at α = {Digits.Real(ticket.Selection.Alpha)}")}: there is no ticket."
            : $"{Digits.Count(ticket.Entries.Count)} {Standing(ticket)} "
                + $"{(ticket.Entries.Count == 1 ? "makes" : "make")} the ticket: {Digits.Count(ticket.Parameters)} of "
                + $"{Digits.Count(ticket.Origin.CheckpointParameters)} parameters.";
        return $"{changed} of {ticket.Origin.Tensor}. {stand}";
    }

    private static string Standing(Ticket ticket)
    {
        string alpha = $"α = {Digits.Real(ticket.Selection.Alpha)}";
        if (!ticket.IsByRank) return $"{(ticket.Entries.Count == 1 ? "stands" : "stand")} out at {alpha} and";
        string below = ticket.BelowAlpha == 0 ? "none" : Digits.Count(ticket.BelowAlpha);
        return $"of largest h, chosen by rank ({below} of them below {alpha}),";
    }

    /// <summary>How trainings ended.</summary>
    public static string Summary(IReadOnlyList<TrainingRecord> trainings)
    {
        string[] said = [.. trainings.Select(t => (t.Name, Steps: t.Steps.Where(s => s.Loss is not null).ToArray()))
            .Where(t => t.Steps.Length > 0).Take(3).Select(t => $"{t.Name}: loss {Digits.Fixed(t.Steps[0].Loss!.Value, 3)} at step "
                + $"{Digits.Count(t.Steps[0].Step)}, {Digits.Fixed(t.Steps[^1].Loss!.Value, 3)} at step "
                + $"{Digits.Count(t.Steps[^1].Step)}, nats a token.")];
        string more = trainings.Count > said.Length ? $" {Digits.Count(trainings.Count - said.Length, "more training")} in the chart." : "";
        return said.Length == 0 ? "No training has a loss yet." : string.Join(' ', said) + more;
    }

    /// <summary>How much of a checkpoint changed.</summary>
    public static string Summary(IReadOnlyList<TensorMapLine> tensors) =>
        $"{Digits.Count(tensors.Count(t => t.Unchanged < t.Rows))} of {Digits.Count(tensors.Count, "tensor")} changed; "
        + (tensors.Sum(t => (long)t.TicketRows) is > 0 and var rows
            ? $"{Digits.Count(rows, "row")} in {Digits.Count(tensors.Count(t => t.TicketRows > 0))} of them "
                + $"{(rows == 1 ? "is" : "are")} below α."
            : "no row is below α.");

    /// <summary>The rows of the ticket; where it is empty those that come nearest.</summary>
    public static void WriteTicket(StringBuilder html, TestedRows rows)
    {
        PageTable table = new("rank", "id", "`token", "h", "D", "p", "adjusted p", "sign", "location", "change", "cosine", "<category");
        foreach ((int i, TicketEntry e) in rows.Best.Take(MaxRows).Index())
            table.Add(PageCell.Of(i + 1), new(Digits.Exact(e.Id), e.Id), PageCell.Token(e.Piece), PageCell.Of(e.Count),
                new(Digits.Fixed(e.Statistic, 4), e.Statistic, e.Statistic), new(Digits.Probability(e.Log10PValue), e.Log10PValue),
                new(Digits.Probability(Math.Log10(e.AdjustedPValue)), e.AdjustedPValue),
                new(e.Sign > 0 ? "+" : e.Sign < 0 ? "−" : "", e.Sign),
                new(Digits.Real(e.Location), e.Location), PageCell.Percent(e.RelativeDelta), PageCell.Of(e.Cosine, 3),
                new(e.Category.Replace(",", ", ")));
        table.WriteHtml(html, "Rows of the ticket");
        if (rows.Best.Count > MaxRows)
            html.Append("<p class=\"soft\">").Append(Digits.Count(rows.Best.Count - MaxRows)).Append(" more stand in ticket.json.</p>\n");
    }

    /// <summary>What tickets are made of, and whether rows moved because they are frequent; of an experiment.</summary>
    public static void WriteTickets(StringBuilder html, IReadOnlyList<TicketFinding> findings)
    {
        if (findings.Count == 0) return;
        string[] groups = [.. findings[0].Groups.Select(g => g.Group)];
        PageTable table = new(["<task", "seed", "ρ of shift and frequency", "ρ of h and frequency", "tokens", .. groups]);
        foreach (TicketFinding finding in findings)
            table.Add([new(finding.Task), new(finding.Seed),
                PageCell.Of(finding.Distance, 2), PageCell.Of(finding.Count, 2), PageCell.Of(finding.Tokens),
                .. finding.Groups.Select(g => new PageCell($"{Digits.Count(g.Rows)} of {Digits.Count(g.Vocabulary)}", g.Rows))]);
        table.WriteHtml(html, "What tickets are made of");
        html.Append(
            "<p class=\"soft\">ρ: Spearman’s correlation, over the tokens that the training data read, of how far a row moved, and of "
                + "its h, with "
            + "how often it was read. Then the ticket’s rows by what their tokens are, of all such tokens; those of the prompt are also "
                + "in one of the "
            + "other groups.</p>\n");
    }
}
