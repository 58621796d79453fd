using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

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
