using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Models;

/// <summary>A patch in memory: a model computes as if it were applied to its checkpoint, and nothing is written.</summary>
public static class PatchOverlay
{
    /// <summary>Puts a patch in place, with the values that <see cref="PatchApplication.Apply"/> would write.</summary>
    /// <remarks>
    /// Rows of the input embedding stand beside it in memory of their own, and all weights are frozen from then on. Any other patched
    /// tensor takes memory as a whole, in the type in which it is stored; the weights can still be made to learn, from these values.
    /// </remarks>
    /// <param name="patch">The patch.</param>
    /// <param name="checkpoint">The base that the weights were opened from.</param>
    /// <param name="weights">The weights, of which nothing learns.</param>
    /// <param name="cancellationToken">Stops while the base is compared.</param>
    /// <returns>What a reader should know beyond that it was done.</returns>
    /// <exception cref="PatchMismatchException">The base is not the one that the patch was made for, in any byte of a tensor.</exception>
    /// <exception cref="NotFiniteNumberException">A value would be a NaN or an infinity, with which no model works.</exception>
    /// <exception cref="NotSupportedException">The patch is for a tensor that the model does not read.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of a name that the patch gives.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<string> Apply(TicketPatch patch, Checkpoint checkpoint, LlamaWeights weights,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(weights);
        PatchTarget[] targets = PatchTarget.Find(patch, checkpoint);
        foreach (PatchTarget target in targets) ThrowIfUnfit(patch, target, weights, cancellationToken);
        List<(PatchedTensor, RoundingLoss)> losses = [];
        foreach (PatchTarget target in targets) losses.Add((target.Patched, Put(patch, target, weights)));
        return [.. patch.Notes, .. PatchNotes.AboutTying(checkpoint, targets.Select(t => t.Tensor), patch),
            .. PatchNotes.AboutRounding(losses)];
    }

    private static void ThrowIfUnfit(TicketPatch patch, PatchTarget target, LlamaWeights weights, CancellationToken cancellationToken)
    {
        PatchFit.ThrowIfNotBase(patch, target.Patched, target.Tensor, cancellationToken);
        if (!weights.All.Any(w => w.Name == target.Tensor.Name))
            throw new NotSupportedException($"{patch.Path}: the patch changes {CheckpointFormatException.Quote(target.Tensor.Name)}, which "
                + "the model does not read. Leave that tensor out of the ticket.");
        if (PatchFit.FindNonFinite(target.Patched, target.Tensor, cancellationToken) is { Count: > 0 } nonFinite)
            throw PatchFit.NonFinite(target.Patched, nonFinite);
    }

    private static RoundingLoss Put(TicketPatch patch, PatchTarget target, LlamaWeights weights)
    {
        if (patch.Rows is { Indices: var rows } && target.Tensor.Name == weights.TokenEmbedding.Name)
        {
            WideRows wide = WideRows.Of(target, rows, out RoundingLoss loss);
            weights.PutRows(wide.Rows, wide.Values);
            return loss;
        }
        PatchedElements elements = new(target);
        weights.Put(elements.ToTensor());
        return elements.Loss;
    }
}
