using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes a checkpoint with the weights zero that a recipe does not keep.</summary>
/// <remarks>
/// <para>
/// What is kept has its very bits, and so have all tensors outside of the scope. The result is a folder as
/// <see cref="PatchApplication"/> writes it, and appears whole or not at all. Work that was broken off goes on where a shard was finished,
/// when the same is asked for again.
/// </para>
/// <para>
/// Source: one-shot pruning of pretrained models (Jaiswal et al., NeurIPS 2023), which takes the matrices of attention and feed-forward
/// blocks together and leaves embedding, head and norms dense.
/// </para>
/// </remarks>
public static class ModelPruning
{
    /// <summary>The matrices of attention and feed-forward blocks, by their names in Hugging Face checkpoints of LLaMA's kind.</summary>
    public static TensorChoice LayerMatrices { get; } = TensorChoice.Parse("*.self_attn.*_proj.weight,*.mlp.*_proj.weight");

    /// <summary>A recipe that keeps single weights.</summary>
    /// <param name="score">What is kept is of the largest score.</param>
    /// <param name="kept">Which are kept: a share, a number, or N of M.</param>
    /// <param name="tensors">The tensors; null for <see cref="LayerMatrices"/>.</param>
    public static TicketRecipe RecipeOf(TicketScore score, TicketSelection kept, TensorChoice? tensors = null) => new()
    {
        Scope = new(tensors ?? LayerMatrices, TicketUnit.Elements),
        Score = score,
        Selection = kept,
        Payload = TicketPayload.Keep,
    };

    /// <summary>What is kept where a part is pruned: of n weights ⌊(1-p)·n⌋, p taken as the decimal that it is.</summary>
    /// <param name="sparsity">p, the part that is pruned.</param>
    /// <param name="isPerTensor">Whether that part of every tensor is pruned, and not of all together.</param>
    public static TopShare KeptOf(UnitShare sparsity, bool isPerTensor = false) => new(new(1 - sparsity.Value), isPerTensor);

    /// <summary>Prunes.</summary>
    /// <param name="path">The checkpoint: a file, a folder or an index; never written to.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="recipe">What is kept; see <see cref="RecipeOf"/>.</param>
    /// <param name="ticketDirectory">A folder for the mask as a ticket with its patch, which makes the same of the checkpoint and takes it
    /// back; null for none.</param>
    /// <param name="options">How the checkpoint is read; mapped into memory by default.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; finished shards stay for the next try.</param>
    /// <exception cref="ArgumentException">The recipe contradicts itself, keeps nothing, or has another payload than keep.</exception>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor.</exception>
    /// <exception cref="NotSupportedException">A tensor's values cannot be read as numbers.</exception>
    /// <exception cref="CheckpointFormatException">The checkpoint cannot be read, or a value of the scope is NaN or infinite.</exception>
    /// <exception cref="IOException">An output is an input, a file, or a folder with content, or cannot be written; or the disk is too
    /// full.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static PruneResult Prune(string path, string outDirectory, TicketRecipe recipe, string? ticketDirectory = null,
        CheckpointOptions? options = null, IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Payload != TicketPayload.Keep)
            throw new ArgumentException($"the payload is {recipe.Payload.ToName()}; what is pruned has {TicketPayload.Keep.ToName()}.",
                nameof(recipe));
        if (ticketDirectory is not null && RealPath.Of(Path.TrimEndingDirectorySeparator(ticketDirectory))
            == RealPath.Of(Path.TrimEndingDirectorySeparator(outDirectory)))
            throw new ArgumentException($"{outDirectory}: model and ticket would be in one folder. Name one for each.",
                nameof(ticketDirectory));
        using Checkpoint checkpoint = Checkpoint.Open(path, options);
        NoEmbedding.ThrowIfPatch(checkpoint);
        using StagedFolder folder = StagedFolder.Resume(outDirectory, WorkName.Of("prune", checkpoint, recipe.ToString()), path);
        using TicketFolder? ticket = ticketDirectory is null ? null : new(ticketDirectory, replace: false, path);
        IReadOnlyList<ScoreSource> sources = KeptUnits.SourcesOf(checkpoint, recipe, cancellationToken);
        TicketMask kept = KeptUnits.Find(sources, recipe, cancellationToken);
        PrunedTensor[] tensors = [.. sources.Zip(kept.Tensors, (source, mask) => new PrunedTensor(source.Base, mask))];
        if (ticketDirectory is not null) ThrowIfNoRoom(ticketDirectory, tensors);
        HashSet<string> finished = [.. folder.Finished], written = [.. tensors.Select(t => Path.GetFileName(t.Tensor.File.Path))];
        ShardCopy.Write(tensors, folder, isReadBack: false, Task.CompletedTask, progress, cancellationToken);
        CarriedFiles carried = CarriedFiles.CarryOthers(checkpoint, written, folder.Staging, cancellationToken);
        IReadOnlyList<string> files = ticket?.Write(TicketOf(checkpoint, recipe, tensors, cancellationToken), cancellationToken) ?? [];
        folder.Commit(cancellationToken);
        return new()
        {
            OutputPath = folder.GivenPath,
            Kept = kept,
            CheckpointParameters = checkpoint.Tensors.Sum(t => t.ElementCount),
            MultiplicationShare = MultiplicationShareOf(checkpoint, kept),
            WrittenFiles = [.. written],
            ResumedFiles = [.. written.Where(finished.Contains)],
            LinkedFiles = carried.Linked,
            CopiedFiles = carried.Copied,
            TicketFiles = files,
            Notes = [.. checkpoint.Notes, .. PatchNotes.AboutOtherWeights(carried)],
        };
    }

    /// <summary>The part of a token's multiplications that a mask leaves, see <see cref="PruneResult.MultiplicationShare"/>.</summary>
    internal static double MultiplicationShareOf(Checkpoint checkpoint, TicketMask kept)
    {
        string? lookedUp = checkpoint.IsTied == true ? null : checkpoint.FindInputEmbedding()?.Name;
        Tensor[] matrices = [.. checkpoint.Tensors.Where(t => t.Shape.Count == 2 && t.Name != lookedUp
            && t.Name.EndsWith(".weight", StringComparison.Ordinal))];
        return (double)matrices.Sum(t => kept.Find(t.Name)?.Parameters ?? t.ElementCount) / matrices.Sum(t => t.ElementCount);
    }

    private static void ThrowIfNoRoom(string ticketDirectory, PrunedTensor[] tensors)
    {
        long pruned = tensors.Sum(t => (t.Tensor.ElementCount - t.Kept.Parameters) * t.Tensor.ElementType.ByteSize()),
            bits = tensors.Sum(t => t.Tensor.ElementCount) / 8;
        DiskSpace.ThrowIfTooLittle(ticketDirectory, Path.GetDirectoryName(Path.GetFullPath(ticketDirectory))!, pruned + bits);
    }

    private static UnitTicketResult TicketOf(Checkpoint checkpoint, TicketRecipe recipe, PrunedTensor[] tensors, CancellationToken cancel)
    {
        TensorTicket[] parts = [.. tensors.Select(t =>
        {
            string print = Fingerprint.OfTensor(t.Tensor, FingerprintKind.Tree, cancel);
            string? scale = t.Tensor.Scale is { } beside ? Fingerprint.OfTensor(beside.Stored, FingerprintKind.Tree, cancel) : null;
            return new TensorTicket(t.Tensor.ElementType, t.Tensor.ElementType, t.Tensor.Shape, t.Kept, print, print)
            {
                BaseScaleFingerprint = scale,
                TunedScaleFingerprint = scale,
            };
        })];
        return new(new()
        {
            Recipe = recipe,
            Tensors = parts,
            IsTied = checkpoint.IsTied,
            CheckpointParameters = checkpoint.Tensors.Sum(t => t.ElementCount),
        }, checkpoint, checkpoint, [.. tensors.Select(t => (t.Tensor, t.Tensor))]);
    }
}
