using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>What a ticket depends on, for the manifest.</summary>
internal static class TicketFacts
{
    public static FactGroup Of(string name, Ticket ticket) => new($"{name}: ticket",
    [
        ("signature", ticket.Signature.ToString()),
        ("tensor", ticket.Origin.Tensor),
        ("rows × values", $"{Digits.Count(ticket.Origin.Rows)} × {Digits.Count(ticket.Origin.Width)}"),
        .. ticket.Origin.IsResized ? ((string, string)[])[("vocabulary", $"{Digits.Count(ticket.Origin.TunedRows, "row")} tuned, paired by "
            + $"{(ticket.Origin.IsPairedByText ? "text" : "id")}: {Digits.Count(ticket.Added)} added, {Digits.Count(ticket.Dropped)} "
            + "dropped")] : [],
        ("base", $"{ticket.Origin.BaseType.ToName()}, {ticket.Origin.BaseFingerprint}"),
        ("tuned", $"{ticket.Origin.TunedType.ToName()}, {ticket.Origin.TunedFingerprint}"),
        ("output head", ticket.Origin.IsTied switch
        {
            true => "tied: it is the input embedding",
            false => "not tied",
            null => "not known to be tied",
        }),
        ("test", $"two-sample Kolmogorov-Smirnov, two-sided, {(ticket.Selection.Method == KsMethod.Exact ? "exact" : "asymptotic")} p"),
        .. ticket.IsByRank ? ByRank(ticket) : ByAlpha(ticket),
        ("states", $"{Digits.Count(ticket.Changed)} changed, {Digits.Count(ticket.Unchanged)} unchanged, {Digits.Count(ticket.Degenerate)} "
            + $"degenerate, {Digits.Count(ticket.NonFinite)} not finite"),
        ("kslottery", ticket.Version),
    ]);

    private static (string, string)[] ByAlpha(Ticket ticket) =>
    [
        ("α", $"{Digits.Real(ticket.Selection.Alpha)}, correction: "
            + $"{(ticket.Selection.Adjustment == PValueAdjustment.None ? "none" : ticket.Selection.Adjustment.ToString())}"),
        ("needed", ticket.CriticalCount > ticket.Origin.Width ? "no h is large enough" : $"h ≥ {Digits.Count(ticket.CriticalCount)}"),
    ];

    private static (string, string)[] ByRank(Ticket ticket) =>
        [("chosen", $"by rank: the {Digits.Count(ticket.Selection.Top!.Value, "row")} of largest h, whatever α")];
}
