using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Everything that a page can show; what is empty or null has no section.</summary>
internal sealed record ReportContent
{
    /// <summary>What the page is about: the folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>The ticket with all rows that it was chosen from.</summary>
    public TestedRows? Rows { get; init; }

    /// <summary>The values of the ticket's rows, as far as they are at hand.</summary>
    public RowValues? Values { get; init; }

    /// <summary>The row whose distributions are drawn; null takes the best.</summary>
    public int? Row { get; init; }

    /// <summary>How often each token occurs in some data, by id.</summary>
    public IReadOnlyList<long>? Occurrences { get; init; }

    /// <summary>All tickets, the one of <see cref="Rows"/> first.</summary>
    public IReadOnlyList<(string Name, Ticket Ticket)> Tickets { get; init; } = [];

    /// <summary>A ticket of units.</summary>
    public UnitFinding? Units { get; init; }

    /// <summary>The units of all such tickets whose patch is at hand.</summary>
    public IReadOnlyList<(string Name, TicketMask Mask)> Masks { get; init; } = [];

    public IReadOnlyList<TicketFinding> Findings { get; init; } = [];

    public IReadOnlyList<TrainingRecord> Trainings { get; init; } = [];

    public IReadOnlyList<ArmScores> Arms { get; init; } = [];

    /// <summary>Each arm against each control.</summary>
    public IReadOnlyList<ArmVerdict> Verdicts { get; init; } = [];

    public CertificateRecord? Certificate { get; init; }

    public IReadOnlyList<PositionMargin> Positions { get; init; } = [];

    public IReadOnlyList<AlphaStep> Sweep { get; init; } = [];

    /// <summary>What the model is worth at one sparsity after another.</summary>
    public IReadOnlyList<SweepPoint> Sparsities { get; init; } = [];

    public IReadOnlyList<TensorMapLine> Tensors { get; init; } = [];

    /// <summary>The run manifest.</summary>
    public IReadOnlyList<FactGroup> Facts { get; init; } = [];

    /// <summary>Where the page comes from: command line, paths, date, as whoever made it gave them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; } = [];

    /// <summary>What was found and is not shown, and why.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    public bool IsEmpty => Rows is null && Units is null
        && Certificate is null && Trainings.Count + Arms.Count + Positions.Count + Sweep.Count + Sparsities.Count + Tensors.Count == 0;
}

/// <summary>A chart, how to read it, and its numbers.</summary>
/// <param name="Name">The name of its files without their endings.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it; text of any origin, not markup.</param>
/// <param name="Chart">The drawing.</param>
/// <param name="Numbers">What it was drawn from.</param>
internal sealed record Figure(string Name, string Title, string Caption, SvgChart Chart, NumberTable Numbers);

/// <summary>Facts of a run, as the manifest of the page lists them.</summary>
/// <param name="Name">What they are about.</param>
/// <param name="Values">Names and values, text of any origin.</param>
internal sealed record FactGroup(string Name, IReadOnlyList<(string Name, string Value)> Values);
