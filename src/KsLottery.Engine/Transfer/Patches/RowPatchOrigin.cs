using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Transfer;

/// <summary>Where the rows of a patch come from.</summary>
public sealed record RowPatchOrigin
{
    /// <summary>The line that says how the rows were chosen; kept as it is.</summary>
    public required string Signature { get; init; }

    /// <summary>Whether the base's input and output embedding are one matrix, by <see cref="Checkpoint.IsTied"/>; null where
    /// unknown.</summary>
    public bool? IsTied { get; init; }

    /// <summary>Which rows stand against each other, where the vocabulary was resized; null for those of the same number.</summary>
    public RowPairing? Pairing { get; init; }

    /// <summary>The base tensor's <see cref="Fingerprint"/> where the caller has it already; null computes it.</summary>
    public string? BaseFingerprint { get; init; }

    /// <summary>The tuned tensor's <see cref="Fingerprint"/> where the caller has it already; null computes it.</summary>
    public string? TunedFingerprint { get; init; }
}
