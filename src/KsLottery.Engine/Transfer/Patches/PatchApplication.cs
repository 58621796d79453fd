using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Puts a patch into a checkpoint, and takes it out again; with a patch of rows this is Partial Transfer.</summary>
/// <remarks>
/// <para>
/// Source: KS-Lottery (arXiv 2402.02801), which transfers the selected rows of the tuned embedding and leaves all others at their
/// pre-trained values; other units and payloads as <see cref="TicketPayload"/> says. Values are stored in the type of the checkpoint,
/// rounded to nearest, ties to even, where it differs.
/// </para>
/// <para>
/// The result is a new folder of the same form. Only files with patched tensors are rewritten, each once, and of these only the elements
/// that the patch changes. Further shards
/// and other files of 16 MiB or more are hard links where the file system allows them: they share their bytes with the input, so that
/// editing one in place changes both (deleting or replacing one does not). All else is copied. A checkpoint given as a single file
/// keeps its name, beside copies of the configuration and tokenizer files next to it. The folder appears whole or not at all.
/// </para>
/// <para>
/// A patch of a resized vocabulary leaves the base its size, unless the options name the tuned checkpoint: then rows that were added come
/// from that, in its order, for the embedding and a head of its own, with <c>vocab_size</c>, the ids of special tokens and the tokenizer's
/// files. The folder then also holds <c>resize.kslottery</c>, by which <see cref="Revert"/> gives the base back.
/// </para>
/// </remarks>
public static class PatchApplication
{
    /// <summary>Applies a patch.</summary>
    /// <param name="basePath">The base checkpoint: a file, a folder or an index; never written to.</param>
    /// <param name="patchPath">The patch, or the folder that it lies in.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="options">How to read the inputs, and what may be written.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="PatchMismatchException">The base is not the one that the patch was made for, in any byte of a tensor.</exception>
    /// <exception cref="NotFiniteNumberException">A value of the patch would be a NaN or an infinity, and nobody asked for it.</exception>
    /// <exception cref="CheckpointFormatException">Checkpoint or patch cannot be read.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of a name that the patch gives.</exception>
    /// <exception cref="IOException">The output is an input, a file, or a folder with content, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    /// <example><code>
    /// PatchResult applied = PatchApplication.Apply("base", "ticket", "model");
    /// Console.WriteLine(applied);
    /// </code></example>
    public static PatchResult Apply(string basePath, string patchPath, string outDirectory, PatchOptions? options = null,
        IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        using TicketPatch patch = TicketPatch.Open(patchPath, options.Reading);
        using Checkpoint checkpoint = Checkpoint.Open(basePath, options.Reading);
        using StagedFolder folder = new(outDirectory, basePath, patchPath);
        PatchTarget[] targets = PatchTarget.Find(patch, checkpoint);
        foreach (PatchTarget target in targets) PatchFit.ThrowIfNotBase(patch, target.Patched, target.Tensor, cancellationToken);
        IEnumerable<string> notes = [.. patch.Notes, .. PatchNotes.AboutTying(checkpoint, targets.Select(t => t.Tensor), patch)];
        if (options.ResizeAs is { } tunedPath)
        {
            using AdaptedCheckpoint? adapter =
                AdaptedCheckpoint.IsAdapter(tunedPath) ? AdaptedCheckpoint.Open(checkpoint, tunedPath, options.Reading) : null;
            using Checkpoint tuned = adapter?.Checkpoint ?? Checkpoint.Open(tunedPath, options.Reading);
            PatchRows rows = patch.GetRows("resize a vocabulary");
            PatchResult resized = new CheckpointResizing(checkpoint, tuned, rows, folder, cancellationToken).Run(options.AllowsNonFinite);
            folder.Commit(cancellationToken);
            return resized with { Notes = [.. notes, .. resized.Notes] };
        }
        List<string> aboutNonFinite = [];
        foreach (PatchTarget target in targets)
        {
            IndexSet nonFinite = PatchFit.FindNonFinite(target.Patched, target.Tensor, cancellationToken);
            if (nonFinite.Count > 0 && !options.AllowsNonFinite) throw PatchFit.NonFinite(target.Patched, nonFinite);
            aboutNonFinite.AddRange(PatchNotes.AboutNonFinite(nonFinite, target.Patched.Mask.Grid.UnitName));
        }
        PatchResult result = Rewrite(checkpoint, targets, PatchSide.Tuned, folder, progress, cancellationToken);
        folder.Commit(cancellationToken);
        return result with { Notes = [.. notes, .. PatchNotes.AboutOwnSize(patch), .. aboutNonFinite, .. result.Notes] };
    }

    /// <summary>Applies a patch on a thread of its own.</summary>
    /// <inheritdoc cref="Apply" path="/param"/>
    /// <inheritdoc cref="Apply" path="/exception"/>
    public static Task<PatchResult> ApplyAsync(string basePath, string patchPath, string outDirectory, PatchOptions? options = null,
        IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Factory.StartNew(() => Apply(basePath, patchPath, outDirectory, options, progress, cancellationToken), cancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Takes a patch out again: the patched tensors have the base's exact bytes.</summary>
    /// <remarks>
    /// A patch knows its own tensors alone, and these are compared with the base's; all else is taken over as it is found, so that of a
    /// checkpoint unchanged since <see cref="Apply"/> every file is the base's again. Where the vocabulary was resized, embedding and head
    /// are compared.
    /// </remarks>
    /// <param name="patchedPath">The checkpoint that <see cref="Apply"/> wrote; never written to.</param>
    /// <param name="patchPath">The patch, or the folder that it lies in.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="options">How to read the inputs; mapped into memory by default.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="PatchMismatchException">
    /// The checkpoint does not hold the patch's values, or with the base's put back a tensor is not the base's: other elements changed.
    /// </exception>
    /// <inheritdoc cref="Apply" path="/exception[not(contains(@cref,'PatchMismatch') or contains(@cref,'NotFinite'))]"/>
    public static PatchResult Revert(string patchedPath, string patchPath, string outDirectory, CheckpointOptions? options = null,
        IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using TicketPatch patch = TicketPatch.Open(patchPath, options);
        using Checkpoint checkpoint = Checkpoint.Open(patchedPath, options);
        using StagedFolder folder = new(outDirectory, patchedPath, patchPath);
        PatchTarget[] targets = PatchTarget.Find(patch, checkpoint);
        PatchRows? rows = patch.Rows;
        using (ResizeRecord? record = rows is null ? null : ResizeRecord.Find(checkpoint, rows))
            if (record is not null)
            {
                PatchResult original = new ResizeReversal(checkpoint, patch, rows!, record, folder, cancellationToken).Run();
                folder.Commit(cancellationToken);
                return original with { Notes = [.. patch.Notes, .. original.Notes] };
            }
        foreach (PatchTarget target in targets) PatchFit.ThrowIfNotPatched(patch, target.Patched, target.Tensor, cancellationToken);
        PatchResult result = Rewrite(checkpoint, targets, PatchSide.Base, folder, progress, cancellationToken);
        foreach ((PatchTarget target, PatchedTensorResult restored) in targets.Zip(result.Tensors))
            PatchFit.ThrowIfNotRestored(patch, target.Patched, target.Tensor, restored.Fingerprint);
        folder.Commit(cancellationToken);
        return result with { Notes = [.. patch.Notes, .. result.Notes] };
    }

    private static PatchResult Rewrite(Checkpoint checkpoint, PatchTarget[] targets, PatchSide side, StagedFolder folder,
        IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
    {
        List<(PatchedTensor Tensor, RoundingLoss Loss)> losses = [.. ShardCopy.Write([.. targets.Select(t => new PatchedSide(t, side))],
            folder, isReadBack: true, Task.CompletedTask, progress, cancellationToken).Select(w => (w.Tensor.Target.Patched, w.Loss))];
        HashSet<string> written = [.. targets.Select(t => Path.GetFileName(t.Tensor.File.Path))];
        CarriedFiles carried = CarriedFiles.CarryOthers(checkpoint, written, folder.Staging, cancellationToken);
        RoundingLoss loss = RoundingLoss.Sum(losses.Select(l => l.Loss));
        return new PatchResult
        {
            OutputPath = folder.GivenPath,
            Tensors = [.. targets.Select(t => t.Describe(ReadFingerprint(
                Path.Combine(folder.Staging, Path.GetFileName(t.Tensor.File.Path)), t.Tensor.Name, t.Patched.BaseFingerprint,
                cancellationToken)))],
            InexactValues = loss.Inexact,
            OverflowedValues = loss.Overflowed,
            IsTied = checkpoint.IsTied,
            LinkedFiles = carried.Linked,
            CopiedFiles = carried.Copied,
            Notes = [.. checkpoint.Notes, .. PatchNotes.AboutRounding(losses), .. PatchNotes.AboutOtherWeights(carried)],
        };
    }

    /// <summary>The fingerprint of a tensor in a file that was just written, of the kind of another.</summary>
    internal static string ReadFingerprint(string path, string tensor, string other, CancellationToken cancellationToken)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return Fingerprint.OfTensor(file.GetTensor(tensor), Fingerprint.KindOf(other), cancellationToken);
    }
}

/// <summary>How a patch is applied.</summary>
public sealed record PatchOptions
{
    /// <summary>How the inputs are read; mapped into memory by default.</summary>
    public CheckpointOptions Reading { get; init; } = new();

    /// <summary>Whether rows with a NaN or an infinity are written; a patch that would write such is refused otherwise.</summary>
    public bool AllowsNonFinite { get; init; }

    /// <summary>
    /// The tuned checkpoint or adapter that the patch was taken from, where the result is to have its vocabulary: embedding, output head,
    /// <c>vocab_size</c> and tokenizer together, see <see cref="PatchApplication"/>. Null keeps the base's size.
    /// </summary>
    public string? ResizeAs { get; init; }
}

/// <summary>How far the rewriting of the touched file is.</summary>
/// <param name="File">The file's name, without its folder.</param>
/// <param name="BytesDone">Bytes written.</param>
/// <param name="ByteCount">Bytes that the file will have.</param>
public readonly record struct PatchProgress(string File, long BytesDone, long ByteCount);
