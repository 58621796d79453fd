using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Partial Transfer: puts the rows of a patch into a checkpoint, and takes them out again.</summary>
/// <remarks>
/// <para>
/// Source: KS-Lottery (arXiv 2402.02801), which transfers the selected rows of the tuned embedding and leaves all others at their
/// pre-trained values. The rows are stored in the type of the checkpoint, rounded to nearest, ties to even, where it differs.
/// </para>
/// <para>
/// The result is a new folder of the same form. Only the file with the tensor is rewritten, and of that only the rows. Further shards
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
    /// <param name="patchPath">The row patch, or the folder that it lies in.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="options">How to read the inputs, and what may be written.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="PatchMismatchException">The base is not the one that the patch was made for, in any byte of the tensor.</exception>
    /// <exception cref="NotFiniteNumberException">A row would hold a NaN or an infinity, and nobody asked for it.</exception>
    /// <exception cref="CheckpointFormatException">Checkpoint or patch cannot be read.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of the name that the patch gives.</exception>
    /// <exception cref="IOException">The output is an input, a file, or a folder with content, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static PatchResult Apply(string basePath, string patchPath, string outDirectory, PatchOptions? options = null,
        IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        using RowPatch patch = RowPatch.Open(patchPath, options.Reading);
        using Checkpoint checkpoint = Checkpoint.Open(basePath, options.Reading);
        using StagedFolder folder = new(outDirectory, basePath, patchPath);
        Tensor tensor = checkpoint.GetTensor(patch.TensorName);
        PatchFit.ThrowIfNotBase(patch, tensor, cancellationToken);
        if (options.ResizeAs is { } tunedPath)
        {
            using AdaptedCheckpoint? adapter =
                AdaptedCheckpoint.IsAdapter(tunedPath) ? AdaptedCheckpoint.Open(checkpoint, tunedPath, options.Reading) : null;
            using Checkpoint tuned = adapter?.Checkpoint ?? Checkpoint.Open(tunedPath, options.Reading);
            PatchResult resized = new CheckpointResizing(checkpoint, tuned, patch, folder, cancellationToken).Run(options.AllowsNonFinite);
            folder.Commit(cancellationToken);
            return resized with { Notes = [.. PatchNotes.AboutTying(checkpoint, tensor, patch), .. resized.Notes] };
        }
        List<int> nonFinite = PatchFit.FindNonFinite(patch, tensor, cancellationToken);
        if (nonFinite.Count > 0 && !options.AllowsNonFinite) throw PatchFit.NonFinite(patch, nonFinite);
        PatchResult result = Rewrite(checkpoint, tensor, patch, patch.Rows, folder, progress, cancellationToken);
        folder.Commit(cancellationToken);
        return result with
        {
            Notes = [.. PatchNotes.AboutTying(checkpoint, tensor, patch), .. PatchNotes.AboutOwnSize(patch),
                .. PatchNotes.AboutNonFinite(nonFinite),
                .. result.Notes],
        };
    }

    /// <summary>Takes a patch out again: the patched tensor has the base's exact bytes.</summary>
    /// <remarks>
    /// A patch knows its own tensor alone, and that is compared with the base's; all else is taken over as it is found, so that of a
    /// checkpoint unchanged since <see cref="Apply"/> every file is the base's again. Where the vocabulary was resized, embedding and head
    /// are compared.
    /// </remarks>
    /// <param name="patchedPath">The checkpoint that <see cref="Apply"/> wrote; never written to.</param>
    /// <param name="patchPath">The row patch, or the folder that it lies in.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="options">How to read the inputs; mapped into memory by default.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="PatchMismatchException">
    /// The checkpoint does not hold the patch's rows, or with the base rows put back its tensor is not the base's: other rows changed.
    /// </exception>
    /// <inheritdoc cref="Apply" path="/exception[not(contains(@cref,'PatchMismatch') or contains(@cref,'NotFinite'))]"/>
    public static PatchResult Revert(string patchedPath, string patchPath, string outDirectory, CheckpointOptions? options = null,
        IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using RowPatch patch = RowPatch.Open(patchPath, options);
        using Checkpoint checkpoint = Checkpoint.Open(patchedPath, options);
        using StagedFolder folder = new(outDirectory, patchedPath, patchPath);
        Tensor tensor = checkpoint.GetTensor(patch.TensorName);
        using (ResizeRecord? record = ResizeRecord.Find(checkpoint, patch))
            if (record is not null)
            {
                PatchResult original = new ResizeReversal(checkpoint, patch, record, folder, cancellationToken).Run();
                folder.Commit(cancellationToken);
                return original;
            }
        PatchFit.ThrowIfNotPatched(patch, tensor, cancellationToken);
        PatchResult result = Rewrite(checkpoint, tensor, patch, patch.BaseRows, folder, progress, cancellationToken);
        PatchFit.ThrowIfNotRestored(patch, tensor, result.Fingerprint);
        folder.Commit(cancellationToken);
        return result;
    }

    private static PatchResult Rewrite(Checkpoint checkpoint, Tensor tensor, RowPatch patch, Tensor rows, StagedFolder folder,
        IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(tensor.File.Path);
        string written = Path.Combine(folder.Staging, name);
        StoredRows stored = new(patch.Indices, rows, tensor.ElementType);
        RoundingLoss loss = ShardRewriting.Write(written, tensor, stored, progress, cancellationToken);
        CarriedFiles carried = CarriedFiles.Carry(checkpoint, tensor.File, folder.Staging, cancellationToken);
        return new PatchResult
        {
            OutputPath = folder.GivenPath,
            WrittenFile = name,
            TensorName = tensor.Name,
            Fingerprint = ReadFingerprint(written, tensor.Name, patch.BaseFingerprint, cancellationToken),
            RowCount = patch.Indices.Count,
            Width = patch.Width,
            InexactValues = loss.Inexact,
            OverflowedValues = loss.Overflowed,
            IsTied = checkpoint.IsTied,
            LinkedFiles = carried.Linked,
            CopiedFiles = carried.Copied,
            Notes = [.. checkpoint.Notes, .. PatchNotes.AboutRounding(loss, patch), .. PatchNotes.AboutOtherWeights(carried)],
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
