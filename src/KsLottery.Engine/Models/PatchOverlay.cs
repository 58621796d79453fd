using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Models;

/// <summary>Partial Transfer in memory: a model computes as if a patch were applied to its checkpoint, and nothing is written.</summary>
public static class PatchOverlay
{
    /// <summary>Puts the rows of a patch in place of the embedding's, rounded to the checkpoint's type as
    /// <see cref="PatchApplication.Apply"/> does.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="checkpoint">The base that the weights were opened from.</param>
    /// <param name="weights">The weights, of which nothing learns.</param>
    /// <param name="cancellationToken">Stops while the base is compared.</param>
    /// <returns>What a reader should know beyond that it was done.</returns>
    /// <exception cref="PatchMismatchException">The base is not the one that the patch was made for, in any byte of the tensor.</exception>
    /// <exception cref="NotFiniteNumberException">A row would hold a NaN or an infinity, with which no model works.</exception>
    /// <exception cref="NotSupportedException">The patch is for another tensor than the input embedding.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of the name that the patch gives.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<string> Apply(RowPatch patch, Checkpoint checkpoint, LlamaWeights weights,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(weights);
        Tensor tensor = checkpoint.GetTensor(patch.TensorName);
        PatchFit.ThrowIfNotBase(patch, tensor, cancellationToken);
        if (tensor.Name != weights.TokenEmbedding.Name)
            throw new NotSupportedException($"{patch.Path}: the patch is for {CheckpointFormatException.Quote(tensor.Name)}; only rows of "
                + $"{CheckpointFormatException.Quote(weights.TokenEmbedding.Name)} can be put in place in memory. Apply it, and take the "
                    + $"result.");
        if (PatchFit.FindNonFinite(patch, tensor, cancellationToken) is { Count: > 0 } nonFinite) throw PatchFit.NonFinite(patch,
            nonFinite);
        int[] places = [.. Enumerable.Range(0, patch.Indices.Count)];
        weights.PutRows(patch.Indices, WideRows.Read(patch.Rows, places, tensor.ElementType, out RoundingLoss loss));
        return [.. PatchNotes.AboutTying(checkpoint, tensor, patch), .. PatchNotes.AboutRounding(loss, patch)];
    }
}
