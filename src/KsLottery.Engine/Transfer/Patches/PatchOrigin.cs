using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Transfer;

/// <summary>Where a patch comes from.</summary>
public sealed record PatchOrigin
{
    /// <summary>The line that says how the units were chosen; kept as it is.</summary>
    public required string Signature { get; init; }

    /// <summary>Whether the base's input and output embedding are one matrix, by <see cref="Checkpoint.IsTied"/>; null where
    /// unknown.</summary>
    public bool? IsTied { get; init; }

    /// <summary>Which rows stand against each other, where the vocabulary was resized; null for those of the same number. For rows of one
    /// matrix.</summary>
    public RowPairing? Pairing { get; init; }

    /// <summary>The base tensor's fingerprint where the patch is of one tensor and the caller has it already; null computes it.</summary>
    public string? BaseFingerprint { get; init; }

    /// <summary>The tuned tensor's fingerprint where the patch is of one tensor and the caller has it already; null computes it.</summary>
    public string? TunedFingerprint { get; init; }
}
