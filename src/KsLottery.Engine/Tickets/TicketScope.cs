using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tickets;

/// <summary>What a ticket may take: which tensors, and which units of them.</summary>
/// <param name="Tensors">The tensors; null for the input embedding.</param>
/// <param name="Unit">What is taken whole.</param>
public sealed record TicketScope(TensorChoice? Tensors, TicketUnit Unit)
{
    /// <summary>KS-Lottery's: the rows of the input embedding (arXiv 2402.02801).</summary>
    public static TicketScope EmbeddingRows { get; } = new(null, TicketUnit.Rows);

    /// <summary>The tensors of a checkpoint with their units, in the checkpoint's order.</summary>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor, or there is no input embedding.</exception>
    public IReadOnlyList<(Tensor Tensor, UnitGrid Grid)> Resolve(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return [.. (Tensors?.In(checkpoint) ?? [checkpoint.GetInputEmbedding()]).Select(t => (t, Unit.Cut(t)))];
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Unit} of {Tensors?.Text ?? "the input embedding"}";
}
