using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reports;

/// <summary>A ticket of units, and what its patch says of them.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Ticket">The ticket, counted.</param>
internal sealed record UnitFinding(string Name, UnitTicketSummary Ticket)
{
    /// <summary>The units; null where there is no patch.</summary>
    public TicketMask? Mask { get; init; }

    /// <summary>How far the ticket's values moved; null where nobody knows.</summary>
    public MoveCounts? Moves { get; init; }

    /// <summary>What the patch holds, for the manifest; empty where there is none.</summary>
    public IReadOnlyList<(string Name, string Value)> PatchFacts { get; init; } = [];

    /// <summary>What a reader should know, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Takes what was found, with nothing written yet.</summary>
    public static UnitFinding Of(string name, UnitTicketResult found, CancellationToken cancellationToken) =>
        new(name, UnitTicketSummary.Of(found.Ticket))
        {
            Mask = found.Ticket.Count > 0 ? found.Ticket.Mask : null,
            Moves = MoveCounts.Of(found, cancellationToken),
            Remarks = [.. ValueRemarks.About(found.Pairs)],
        };

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or the two are not of one run.</exception>
    public static UnitFinding Read(string name, string folder, CancellationToken cancellationToken)
    {
        UnitTicketSummary ticket = UnitTicketFile.Read(folder);
        string path = Path.Combine(folder, TicketPatch.FileName);
        if (!File.Exists(path))
            return new(name, ticket)
            {
                Remarks = ticket.Count == 0 ? []
                    : [$"{name} has no {TicketPatch.FileName}, which alone knows which units are in the ticket and what becomes of them."],
            };
        using TicketPatch patch = TicketPatch.Open(path);
        // Tensors without a unit are in no patch, and have no part in the fingerprint.
        if (patch.Mask.TakeFingerprint() != ticket.MaskFingerprint)
            throw new InvalidDataException($"{path}: its units are not those of the {TicketFile.FileName} beside it. The files are not of "
                + $"one run. {Remedy.FindAgain}.");
        return new(name, ticket)
        {
            Mask = patch.Mask,
            Moves = MoveCounts.Of(patch, cancellationToken),
            PatchFacts = FactsOf(patch),
            Remarks = [.. patch.Notes.Select(note => note.Replace(path, $"{name}/{TicketPatch.FileName}"))],
        };
    }

    private static (string, string)[] FactsOf(TicketPatch patch) =>
    [
        ("patch", $"version {Digits.Exact(patch.FormatVersion)}, {Digits.Count(new FileInfo(patch.Path).Length, "byte")}, "
            + $"{Digits.Count(patch.Tensors.Count, "tensor")}, checksum {(patch.IsVerified ? "right" : "absent")}"),
        ("it changes", Digits.Count(patch.Tensors.Sum(t => t.ChangedElements), "value")),
        ("values of the patch", string.Join(", ", patch.Tensors.Select(t => t.Values?.DtypeName ?? "none").Distinct())),
    ];
}
