using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>What stands at the head of a page: what it is, the result in a few sentences, the numbers that matter most.</summary>
internal static class PageHead
{
    private const int LongestToken = 14;

    /// <summary>What the page is about, as its heading and the browser's tab say it.</summary>
    public static string Title(ReportContent content) => Kind(content) is var kind && kind.Length == 0 ? content.Name
        : $"{kind} {content.Name}";

    private static string Kind(ReportContent content) =>
        content.Arms.Count > 0 ? "Experiment"
        : content.Certificate is not null || content.Positions.Count + content.Sweep.Count > 0 ? "Certificate"
        : content.Rows is not null || content.Units is not null ? "Ticket of"
        : content.Sparsities.Count > 0 ? "Pruning of"
        : content.Trainings.Count > 0 ? "Training"
        : content.Tensors.Count > 0 ? "Changed tensors of" : "";

    /// <summary>The result, a paragraph each.</summary>
    public static IEnumerable<string> Lede(ReportContent content)
    {
        if (content.Arms.Count > 0) return ArmSections.Verdicts(content);
        if (content.Certificate is { } certificate) return CertificateSections.Summary(certificate);
        if (content.Positions.Count > 0) return [CertificateSections.Summary(content.Positions)];
        if (content.Rows is { } rows) return [PageSections.Summary(rows)];
        if (content.Units is { } units) return [UnitSections.Summary(units.Ticket)];
        if (content.Sparsities.Count > 0) return [SparsityCurve.Summary(content.Sparsities)];
        return content.Trainings.Count > 0 ? [PageSections.Summary(content.Trainings)]
            : content.Tensors.Count > 0 ? [PageSections.Summary(content.Tensors)] : [];
    }

    /// <summary>The figures at the head of the page: a number and what it is.</summary>
    public static IEnumerable<(string Number, string What)> Tiles(ReportContent content)
    {
        if (content.Arms.Count > 0) foreach ((string, string) tile in ArmSections.Tiles(content.Arms)) yield return tile;
        else if (content.Certificate is { } certificate)
            foreach ((string, string) tile in CertificateSections.Tiles(certificate)) yield return tile;
        else if (content.Positions.Count > 0)
        {
            yield return (Digits.Percent(content.Positions.Count(p => p.IsCertified) / (double)content.Positions.Count),
                "of positions certified by the max form");
            yield return (Digits.Percent(content.Positions.Count(p => p.Agrees) / (double)content.Positions.Count), "of positions agree");
        }
        if (content.Rows is { } rows) foreach ((string, string) tile in TicketTiles(rows, content.Tickets)) yield return tile;
        else if (content.Units is { } units) foreach ((string, string) tile in UnitSections.Tiles(units)) yield return tile;
    }

    private static IEnumerable<(string, string)> TicketTiles(TestedRows rows, IReadOnlyList<(string Name, Ticket Ticket)> tickets)
    {
        Ticket ticket = rows.Ticket;
        string whose = tickets.Count > 1 ? $" of {tickets[0].Name}" : "";
        yield return (Digits.Count(ticket.Entries.Count), $"of {Digits.Count(ticket.Origin.Rows, "row")} in the ticket{whose}");
        yield return (Digits.Percent(ticket.ShareOfCheckpoint), $"of the checkpoint’s parameters in it");
        yield return (Digits.Fixed((double)rows.LargestCount / rows.Width, 4), "largest D of a row");
        if (rows.Best.OrderByDescending(Change).FirstOrDefault() is { } farthest)
            yield return (RowCloud.Name(farthest, LongestToken),
                $"moved farthest of {(ticket.Entries.Count > 0 ? "its" : "these")} rows, relative to its norm");
    }

    /// <summary>The relative change by which rows are ordered: of a row that was zero it is infinite, for which a file has no
    /// number.</summary>
    private static double Change(TicketEntry entry) => double.IsNaN(entry.RelativeDelta) ? double.PositiveInfinity : entry.RelativeDelta;
}
