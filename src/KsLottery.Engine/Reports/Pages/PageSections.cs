using System.Text;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>The tables and sentences of the page's sections.</summary>
internal static class PageSections
{
    private const int MaxRows = 500, MaxViolations = 40, LongestToken = 12;

    /// <summary>The scores of an experiment in the order of the paper's tables, and their titles.</summary>
    private static readonly (string Name, string Title, int Digits, bool IsShare)[] Scores =
    [
        ("loss", "loss", 3, false), ("bleu", "BLEU", 1, false), ("chrf", "chrF", 1, false), ("exact_match_rate", "exact", 0, true),
        ("bleu_first_line", "BLEU 1st line", 1, false), ("chrf_first_line", "chrF 1st line", 1, false),
            ("bleu_response", "BLEU response", 1, false),
        ("chrf_response", "chrF response", 1, false), ("eos_rate", "stops", 0, true), ("mean_tokens", "tokens", 1, false),
    ];

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

    /// <summary>The figures at the head of the page: a number and what it is.</summary>
    public static IEnumerable<(string Number, string What)> Tiles(ReportContent content)
    {
        if (content.Rows is { } rows)
        {
            Ticket ticket = rows.Ticket;
            yield return (Digits.Count(ticket.Entries.Count), $"of {Digits.Count(ticket.Origin.Rows, "row")} in the ticket");
            yield return (Digits.Percent(ticket.ShareOfCheckpoint), "of the checkpoint's parameters");
            yield return (Digits.Fixed((double)rows.LargestCount / rows.Width, 4), "largest D of a row");
            if (rows.Best.OrderByDescending(Change).FirstOrDefault() is { } farthest)
                yield return (Markup.Cut(RowCloud.Name(farthest), LongestToken),
                    $"moved most of {(ticket.Entries.Count > 0 ? "the ticket's" : "these")} rows");
        }
        if (content.Units is { } units && content.Rows is null)
            foreach ((string, string) tile in UnitSections.Tiles(units)) yield return tile;
        if (content.Positions.Count > 0)
        {
            yield return (Digits.Percent(content.Positions.Count(p => p.IsCertified) / (double)content.Positions.Count),
                "of positions certified");
            yield return (Digits.Percent(content.Positions.Count(p => p.Agrees) / (double)content.Positions.Count), "of positions agree");
        }
        if (content.Arms.Count > 0) yield return (Digits.Count(ArmScores.Group(content.Arms).Count), "arms compared");
    }

    /// <summary>The relative change by which rows are ordered: of a row that was zero it is infinite, for which a file has no
    /// number.</summary>
    private static double Change(TicketEntry entry) => double.IsNaN(entry.RelativeDelta) ? double.PositiveInfinity : entry.RelativeDelta;

    /// <summary>The rows of the ticket; where it is empty those that come nearest.</summary>
    public static void WriteTicket(StringBuilder html, TestedRows rows)
    {
        PageTable table = new("rank", "id", "`token", "h", "D", "p", "adjusted p", "sign", "location", "change", "cosine", "<category");
        foreach ((int i, TicketEntry e) in rows.Best.Take(MaxRows).Index())
            table.Add(PageCell.Of(i + 1), new(Digits.Exact(e.Id), e.Id), new(e.Piece), PageCell.Of(e.Count),
                new(Digits.Fixed(e.Statistic, 4), e.Statistic, e.Statistic), new(Digits.Probability(e.Log10PValue), e.Log10PValue),
                new(Digits.Real(e.AdjustedPValue), e.AdjustedPValue), new(e.Sign > 0 ? "+" : e.Sign < 0 ? "−" : "", e.Sign),
                new(Digits.Real(e.Location), e.Location), new(Digits.Percent(e.RelativeDelta), e.RelativeDelta), PageCell.Of(e.Cosine, 3),
                new(e.Category.Replace(",", ", ")));
        table.WriteHtml(html);
        if (rows.Best.Count > MaxRows)
            html.Append("<p class=\"soft\">").Append(Digits.Count(rows.Best.Count - MaxRows)).Append(" more stand in ticket.json.</p>\n");
    }

    /// <summary>The arms, in the form of the paper's tables, a table for each task.</summary>
    public static void WriteArms(StringBuilder html, IReadOnlyList<ArmScores> arms)
    {
        (string Name, string Title, int Digits, bool IsShare)[] scores =
            [.. Scores.Where(s => arms.Any(a => a.Scores.ContainsKey(s.Name)))];
        bool hasSeeds = ArmScores.Group(arms).Any(g => g.Count > 1), hasShare = arms.Any(a => a.Scores.ContainsKey("share"));
        // One ticket needs no word for whose controls they are.
        bool hasControls = arms.Select(a => a.ControlOf).Where(of => of.Length > 0).Distinct().Count() > 1;
        foreach (IReadOnlyList<ArmScores> task in ArmScores.ByTask(arms))
        {
            PageTable table = new(["<method", .. hasControls ? (string[])["<control of"] : [], "rows", "parameters",
                .. hasShare ? (string[])["share"] : [], .. hasSeeds ? (string[])["seeds"] : [],
                .. scores.Select(s => s.Title)]);
            foreach (IReadOnlyList<ArmScores> arm in ArmScores.Group(task))
            {
                long parameters = (long)Math.Round(arm.Average(a => (double)a.Parameters));
                double share = ArmScores.Spread(arm, "share").Mean;
                table.Add([new(arm[0].Method), .. hasControls ? (PageCell[])[new(arm[0].ControlOf)] : [],
                    ArmScores.MeanRows(arm) is { } rows ? PageCell.Of(rows) : new(""),
                    parameters > 0 ? PageCell.Of(parameters) : new("", 0),
                    .. hasShare ? (PageCell[])[share > 0 ? new(Digits.Percent(share), share) : new("", 0)] : [],
                    .. hasSeeds ? (PageCell[])[PageCell.Of(arm.Count)]
                        : [], .. scores.Select(s => Score(arm, s.Name, s.Digits, s.IsShare))]);
            }
            if (task[0].Task.Length > 0) html.Append("<h3>").Append(Markup.Encode(task[0].Task)).Append("</h3>\n");
            table.WriteHtml(html);
        }
        html.Append("<p class=\"soft\">").Append(hasSeeds
            ? "Means over seeds ± their standard deviation; rows and parameters are means as well. " : "")
            .Append("Loss: nats a target token. Stops: the share of texts that the model ended itself; where it is low, compare first "
                + "lines.</p>\n");
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
        table.WriteHtml(html);
        html.Append(
            "<p class=\"soft\">ρ: Spearman’s correlation, over the tokens that the training data read, of how far a row moved, and of "
                + "its h, with "
            + "how often it was read. Then the ticket’s rows by what their tokens are, of all such tokens; those of the prompt are also "
                + "in one of the "
            + "other groups.</p>\n");
    }

    /// <summary>What the certificate says in numbers, violations first.</summary>
    public static void WriteCertificate(StringBuilder html, IReadOnlyList<PositionMargin> positions)
    {
        PositionMargin[] violations = [.. positions.Where(p => p.IsViolation)];
        int certified = positions.Count(p => p.IsCertified), agree = positions.Count(p => p.Agrees);
        html.Append("<p>").Append(Markup.Encode($"{Digits.Count(certified)} of {Digits.Count(positions.Count, "position")} are certified, "
            + $"{Digits.Count(positions.Count(p => p.IsCertified && p.IsCorrect))} of them with the data's token; at "
                + $"{Digits.Count(agree)} the ticket's model agrees with the embed-tuned one. ")).Append("</p>\n");
        if (violations.Length == 0)
        {
            html.Append("<p>No position was certified and yet decided otherwise.</p>\n");
            return;
        }
        string shown = string.Join(", ", violations.Take(MaxViolations).Select(v => v.Position));
        html.Append("<p class=\"warn\">")
            .Append(Markup.Encode(
                $"{Digits.Count(violations.Length, "violation")}: certified, and yet the ticket's model decides otherwise. This "
                    + $"falsifies the form of the certificate: "
            + $"position {shown}{(violations.Length > MaxViolations ? ", …" : "")}.")).Append("</p>\n");
    }

    private static PageCell Score(IReadOnlyList<ArmScores> arm, string name, int digits, bool isShare)
    {
        ArmSpread spread = ArmScores.Spread(arm, name);
        if (double.IsNaN(spread.Mean)) return new("");
        double scale = isShare ? 100 : 1;
        string around = spread.Count > 1 ? $" ± {Digits.Fixed(scale * spread.Deviation, digits)}" : "";
        return new($"{Digits.Fixed(scale * spread.Mean, digits)}{around}{(isShare ? " %" : "")}", spread.Mean);
    }
}
