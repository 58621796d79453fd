using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;

namespace KsLottery.Engine.Transfer;

/// <summary>Partial Transfer in memory: a model computes as if a patch were applied to its checkpoint, and nothing is written.</summary>
public static class PatchOverlay
{
    /// <summary>Puts the rows of a patch in place of the embedding's, rounded to the checkpoint's type as <see cref="PatchApplication.Apply"/> does.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="checkpoint">The base that the weights were opened from.</param>
    /// <param name="weights">The weights, of which nothing learns.</param>
    /// <param name="cancellationToken">Stops while the base is compared.</param>
    /// <returns>What a reader should know beyond that it was done.</returns>
    /// <exception cref="PatchMismatchException">The base is not the one that the patch was made for, in any byte of the tensor.</exception>
    /// <exception cref="NotSupportedException">The patch is for another tensor than the input embedding.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of the name that the patch gives.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<string> Apply(RowPatch patch, Checkpoint checkpoint, LlamaWeights weights, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(weights);
        Tensor tensor = checkpoint.GetTensor(patch.TensorName);
        PatchFit.ThrowIfNotBase(patch, tensor, cancellationToken);
        if (tensor.Name != weights.TokenEmbedding.Name)
            throw new NotSupportedException($"{patch.Path}: the patch is for {CheckpointFormatException.Quote(tensor.Name)}; only rows of "
                + $"{CheckpointFormatException.Quote(weights.TokenEmbedding.Name)} can be put in place in memory. Apply it, and take the result.");
        StoredRows stored = new(patch.Indices, patch.Rows, tensor.ElementType);
        float[] values = new float[patch.Indices.Count * patch.Width];
        RoundingLoss loss = default;
        for (int place = 0; place < patch.Indices.Count; place++)
        {
            ReadOnlySpan<byte> row = stored.Get(place, out RoundingLoss ofRow);
            loss += ofRow;
            RowRounding.Convert(row, tensor.ElementType, MemoryMarshal.AsBytes(values.AsSpan(place * patch.Width, patch.Width)), ElementType.F32);
        }
        weights.PutRows(patch.Indices, values);
        return [.. PatchNotes.AboutTying(checkpoint, tensor, patch), .. PatchNotes.AboutRounding(loss, patch)];
    }
}
