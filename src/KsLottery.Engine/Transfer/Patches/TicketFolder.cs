using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>A folder with all that was found: <c>ticket.json</c>, <c>rows.tsv</c>, unless the ticket is empty <c>patch.safetensors</c>,
/// and where the vocabulary was resized <c>vocabulary.tsv</c>. There is no patch of rows that mean something else in the base as they are
/// stored: codes (F8, I8, U8) with another scale there, or none.</summary>
/// <remarks>It appears whole or not at all. Begin it before the scan: then a target that cannot be used is refused before the
/// work.</remarks>
public sealed class TicketFolder : IDisposable
{
    private static readonly string[] Names = [TicketFile.FileName, RowsFile.FileName, TicketPatch.FileName, VocabularyFile.FileName];

    private readonly StagedFolder _folder;

    /// <summary>Why a ticket that has rows got no patch, without a final full stop; null where it got one.</summary>
    internal string? WhyNoPatch { get; private set; }

    /// <summary>Begins a folder.</summary>
    /// <param name="path">The target: absent or empty, in a folder that exists.</param>
    /// <param name="replace">Whether the target may hold an earlier result of these files, which is then replaced.</param>
    /// <param name="inputs">Files and folders that are read, which no result may replace.</param>
    /// <exception cref="IOException">The target is an input or a file, holds files that may not be replaced, or lies in no
    /// folder.</exception>
    public TicketFolder(string path, bool replace = false, params ReadOnlySpan<string> inputs)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!replace && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && HoldsOnlyNames(path))
            throw new IOException($"{path}: an earlier result stands there. {Remedy.Replace}, or name another folder.");
        _folder = new(path, replace ? Names : [], inputs);
    }

    /// <summary>Writes the files and gives the folder its name.</summary>
    /// <param name="ticket">The ticket.</param>
    /// <param name="rows">All rows, from which it was selected.</param>
    /// <param name="tokens">Names the rows.</param>
    /// <param name="baseTensor">The base tensor.</param>
    /// <param name="tunedTensor">The tuned tensor.</param>
    /// <param name="tunedTokens">Names the rows of the tuned tensor, where the vocabulary was resized.</param>
    /// <param name="cancellationToken">Stops between rows; nothing is left behind.</param>
    /// <returns>The names of the files.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<string> Write(Ticket ticket, ScoredRows rows, RowTokens tokens, Tensor baseTensor, Tensor tunedTensor,
        RowTokens? tunedTokens = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        ArgumentNullException.ThrowIfNull(rows);
        List<string> names = [];
        string Place(string name)
        {
            names.Add(name);
            return Path.Combine(_folder.Staging, name);
        }

        TicketFile.Write(Place(TicketFile.FileName), ticket, cancellationToken);
        RowsFile.Write(Place(RowsFile.FileName), rows, tokens, cancellationToken);
        if (ticket.Origin.IsResized) VocabularyFile.Write(Place(VocabularyFile.FileName), rows.Scan, tokens, tunedTokens,
            cancellationToken);
        WhyNoPatch = StoredCodes.WhyNotMovable(baseTensor, tunedTensor, ticket.Mask.Tensors[0], rows.Scan.Pairing);
        if (ticket.Entries.Count > 0 && WhyNoPatch is null)
            TicketPatch.Write(Place(TicketPatch.FileName), [PatchSource.OfRows(baseTensor, ticket.Ids) with { Tuned = tunedTensor }], new()
            {
                Signature = ticket.Signature.ToString(),
                IsTied = ticket.Origin.IsTied,
                Pairing = rows.Scan.Pairing,
                BaseFingerprint = ticket.Origin.BaseFingerprint,
                TunedFingerprint = ticket.Origin.TunedFingerprint,
            }, cancellationToken);
        _folder.Commit(cancellationToken);
        return names;
    }

    /// <summary>Writes the files of what was found, and gives the folder its name.</summary>
    /// <param name="found">The ticket and all that it was selected from; its checkpoints must still be open.</param>
    /// <param name="cancellationToken">Stops between rows; nothing is left behind.</param>
    /// <returns>The names of the files.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<string> Write(TicketResult found, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(found);
        return Write(found.Ticket, found.Rows, found.Tokens, found.BaseTensor, found.TunedTensor, found.Vocabulary?.TunedTokens,
            cancellationToken);
    }

    /// <summary>Writes the files of a ticket of units, <c>ticket.json</c> and, unless it is empty or its values mean something else in the
    /// base as they are stored, <c>patch.safetensors</c>, and gives the folder its name.</summary>
    /// <param name="found">The ticket; its checkpoints must still be open.</param>
    /// <param name="cancellationToken">Stops between pieces; nothing is left behind.</param>
    /// <returns>The names of the files.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<string> Write(UnitTicketResult found, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(found);
        IReadOnlyList<string> names = WriteFiles(_folder.Staging, found, out string? whyNoPatch, cancellationToken);
        WhyNoPatch = whyNoPatch;
        _folder.Commit(cancellationToken);
        return names;
    }

    /// <summary>Removes what was written, unless it was finished.</summary>
    public void Dispose() => _folder.Dispose();

    /// <summary>The units of a ticket, with all tensors that it might have taken units of where its folder says which.</summary>
    /// <param name="path">The patch, or the folder of a ticket.</param>
    /// <param name="options">How to read the patch.</param>
    /// <exception cref="CheckpointFormatException">The patch is damaged.</exception>
    /// <exception cref="InvalidDataException">The ticket's file beside it is damaged.</exception>
    /// <exception cref="IOException">A file is absent or cannot be opened.</exception>
    public static TicketMask ReadMask(string path, CheckpointOptions? options = null)
    {
        using TicketPatch patch = TicketPatch.Open(path, options);
        TicketMask mask = patch.Mask;
        string ticketPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(patch.Path))!, TicketFile.FileName);
        if (!UnitTicketFile.Is(ticketPath) || UnitTicketFile.Read(ticketPath) is not { } ticket
            || ticket.MaskFingerprint != mask.TakeFingerprint()) return mask;
        return new([.. mask.Tensors, .. ticket.Tensors.Where(t => mask.Find(t.Name) is null)
            .Select(t => new TensorMask(t.Name, t.Grid, IndexSet.Empty(t.Grid.Count)))]);
    }

    /// <summary>Writes the same files into a folder that stands.</summary>
    internal static IReadOnlyList<string> WriteFiles(string folder, UnitTicketResult found, out string? whyNoPatch,
        CancellationToken cancellationToken)
    {
        UnitTicket ticket = found.Ticket;
        UnitTicketFile.Write(Path.Combine(folder, TicketFile.FileName), ticket, cancellationToken);
        List<PatchSource> sources = SourcesOf(found);
        whyNoPatch = sources.Select(source => PatchForm.WhyNotMovable(source) is { } reason
            ? $"{CheckpointFormatException.Quote(source.Base.Name)}: {reason}" : null).FirstOrDefault(reason => reason is not null);
        if (ticket.Count == 0 || whyNoPatch is not null) return [TicketFile.FileName];
        TicketPatch.Write(Path.Combine(folder, TicketPatch.FileName), sources,
            new() { Signature = ticket.Signature, IsTied = ticket.IsTied }, cancellationToken);
        return [TicketFile.FileName, TicketPatch.FileName];
    }

    /// <summary>The tensors that the payload changes: where it zeroes what is outside of the mask, those without a unit too.</summary>
    private static List<PatchSource> SourcesOf(UnitTicketResult found)
    {
        TicketPayload payload = found.Ticket.Recipe.Payload;
        return [.. found.Ticket.Tensors.Zip(found.Pairs)
            .Where(part => part.First.Mask.Units.Count > 0 || payload == TicketPayload.Keep)
            .Select(part => new PatchSource(part.Second.Base, part.First.Mask, payload)
            {
                Tuned = payload == TicketPayload.Drop ? null : part.Second.Tuned,
                BaseFingerprint = part.First.BaseFingerprint,
                TunedFingerprint = payload == TicketPayload.Drop ? null : part.First.TunedFingerprint,
            })];
    }

    private static bool HoldsOnlyNames(string path) =>
        Directory.EnumerateFileSystemEntries(path).All(entry => Names.Contains(Path.GetFileName(entry)));
}
