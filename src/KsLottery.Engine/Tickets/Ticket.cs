using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tickets;

/// <summary>The winning ticket: the rows that a fine-tune moved, and all that is needed to believe it.</summary>
/// <remarks>
/// Every row below alpha is in it, as in the paper, or as many of the best rows as were asked for. Rows that were constant or nearly zero
/// before are among them, since the test says so, but they are marked <c>degenerate</c>: their D says nothing about the task.
/// </remarks>
public sealed record Ticket
{
    /// <summary>The tensors.</summary>
    public required TicketOrigin Origin { get; init; }

    /// <summary>Level, correction and the method that was used, never <see cref="KsMethod.Auto"/>.</summary>
    public required TicketSelection Selection { get; init; }

    /// <summary>h*, see <see cref="ScoredRows.CriticalCount"/>.</summary>
    public required int CriticalCount { get; init; }

    /// <summary>Whether <see cref="TicketSelection.Top"/> chose the rows: they are the best, and need not be below alpha.</summary>
    public required bool IsByRank { get; init; }

    /// <summary>The kinds of rows that may not win; they are tested and counted all the same.</summary>
    public RowKinds Exclude { get; init; }

    /// <summary>m: the rows with an h, NaN and infinity apart.</summary>
    public required int Tested { get; init; }

    /// <summary>Rows that kept every value.</summary>
    public required long Unchanged { get; init; }

    /// <summary>Rows that changed, without the degenerate ones.</summary>
    public required long Changed { get; init; }

    /// <summary>Rows that changed and were constant or nearly zero before.</summary>
    public required long Degenerate { get; init; }

    /// <summary>Rows with a NaN or an infinity.</summary>
    public required long NonFinite { get; init; }

    /// <summary>Rows of the base without a counterpart in the tuned tensor.</summary>
    public long Dropped { get; init; }

    /// <summary>Rows of the tuned tensor without a counterpart in the base.</summary>
    public long Added { get; init; }

    /// <summary>The rows of the ticket, best first.</summary>
    public required IReadOnlyList<TicketEntry> Entries { get; init; }

    /// <summary>The version that did the work.</summary>
    public string Version { get; init; } = LibraryVersion.Current;

    /// <summary>The rows as a mask, which meets those of other tickets, a training and a patch.</summary>
    public TicketMask Mask => new([TensorMask.OfRows(Origin.Tensor, Origin.Width, Ids)]);

    /// <summary>The rows as a set; their order by rank is that of <see cref="Entries"/>.</summary>
    public IndexSet Ids => IndexSet.Of(Origin.Rows, Entries.Select(e => e.Id).Order());

    /// <summary>Whether the ticket's own line names alpha though its rows were chosen by rank, as earlier versions wrote it.</summary>
    internal bool NamesAlpha { get; init; }

    /// <summary>How many of its rows are below alpha: all of them, unless they were chosen by rank.</summary>
    public int BelowAlpha => Entries.Count(e => e.Count >= CriticalCount);

    /// <summary>k·d: the parameters that the ticket holds.</summary>
    public long Parameters => (long)Entries.Count * Origin.Width;

    /// <summary>The ticket's part of the tensor, 0 to 1.</summary>
    public double ShareOfTensor => Origin.Rows == 0 ? 0 : (double)Entries.Count / Origin.Rows;

    /// <summary>The ticket's part of all parameters of the base, 0 to 1.</summary>
    public double ShareOfCheckpoint => Origin.CheckpointParameters == 0 ? 0 : (double)Parameters / Origin.CheckpointParameters;

    /// <summary>All that the ticket depends on, in a line.</summary>
    public Signature Signature => new()
    {
        Width = Origin.Width,
        Selection = Selection,
        IsByRank = IsByRank && !NamesAlpha,
        Exclude = Exclude,
        Rows = Origin.Rows,
        TunedRows = Origin.IsResized ? Origin.TunedRows : null,
        IsPairedByText = Origin.IsPairedByText,
        BaseType = Origin.BaseType,
        TunedType = Origin.TunedType,
        BaseFingerprint = Origin.BaseFingerprint,
        TunedFingerprint = Origin.TunedFingerprint,
        BaseScaleFingerprint = Origin.BaseScaleFingerprint,
        TunedScaleFingerprint = Origin.TunedScaleFingerprint,
        Version = Version,
    };

    /// <summary><c>13 of 2,000 rows of model.embed_tokens.weight, p &lt; 0.05: h of 44 or more, of 512</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Entries.Count:N0} of {Origin.Rows:N0} rows of {VisibleText.Escape(Origin.Tensor)}, ")
        + (IsByRank ? "by rank" : string.Create(CultureInfo.InvariantCulture,
            $"p < {Selection.Alpha}: h of {CriticalCount:N0} or more, of {Origin.Width:N0}"));

    /// <summary>Selects the winning rows.</summary>
    /// <param name="rows">All rows with their p-values.</param>
    /// <param name="origin">The tensors that were scanned.</param>
    /// <param name="tokens">Names the rows.</param>
    /// <param name="exclude">Kinds of rows that may not win; of a number that is asked for, others take their places.</param>
    /// <exception cref="ArgumentException">The origin is not what was scanned.</exception>
    public static Ticket Select(ScoredRows rows, TicketOrigin origin, RowTokens? tokens = null, RowKinds exclude = RowKinds.None)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(origin);
        RowScanResult scan = rows.Scan;
        if (origin.Rows != scan.Rows.Count || origin.Width != scan.Width)
            throw new ArgumentException(
                $"the origin has {origin.Rows} rows of {origin.Width}, {scan.Rows.Count} of {scan.Width} were scanned. "
                + "Give the origin of this scan.", nameof(origin));
        if (origin.TunedRows != scan.Pairing.TunedRows || origin.IsPairedByText == scan.Pairing.IsById)
            throw new ArgumentException($"the origin has {origin.TunedRows} tuned rows, by {(origin.IsPairedByText ? "text" : "id")}, "
                + $"and other pairs of {scan.Pairing.TunedRows} were scanned. Give the origin of this scan.", nameof(origin));
        TicketSelection selection = rows.Selection.Among(scan.Rows.Count);
        return new()
        {
            Origin = origin,
            Selection = selection with { Method = rows.Method },
            CriticalCount = rows.CriticalCount,
            IsByRank = selection is not Tickets.BelowAlpha,
            Exclude = exclude,
            Tested = rows.Tested,
            Unchanged = scan.Unchanged,
            Changed = scan.Changed,
            Degenerate = scan.Degenerate,
            NonFinite = scan.NonFinite,
            Dropped = scan.Dropped,
            Added = scan.AddedNorms.Count,
            Entries = Describe(rows, Rank(rows, selection, tokens ?? RowTokens.None, exclude), tokens),
        };
    }

    private static IEnumerable<int> Rank(ScoredRows rows, TicketSelection selection, RowTokens tokens, RowKinds exclude)
    {
        if (exclude == RowKinds.None) return selection.Rank(rows);
        IEnumerable<int> candidates = (selection is Tickets.BelowAlpha ? selection.Rank(rows) : rows.RankTop(rows.Scan.Rows.Count))
            .Where(id => !tokens.IsOf(exclude, id, rows.Scan.Rows[id].State));
        return selection is TopUnits top ? candidates.Take((int)Math.Min(top.Count, int.MaxValue)) : candidates;
    }

    /// <summary>Describes some rows as a ticket does, for instance <see cref="ScoredRows.RankTop"/> where the ticket is empty.</summary>
    public static IReadOnlyList<TicketEntry> Describe(ScoredRows rows, IEnumerable<int> ids, RowTokens? tokens = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return [.. ids.Select(id => TicketEntry.From(rows[id], tokens ?? RowTokens.None, rows.Scan.Pairing.TunedOf(id)))];
    }
}
