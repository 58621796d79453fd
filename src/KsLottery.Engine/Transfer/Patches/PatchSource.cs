using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor for a patch that is to be written.</summary>
/// <param name="Base">The base's tensor; its name is the one that the patch will look for.</param>
/// <param name="Mask">The units, of that tensor.</param>
/// <param name="Payload">What becomes of them.</param>
/// <remarks>
/// <see cref="TicketPayload.Share"/> takes <see cref="Shared"/>. Other values come from <see cref="Tuned"/> or from <see cref="Values"/>.
/// <see cref="TicketPayload.Drop"/> takes none;
/// <see cref="TicketPayload.Keep"/> may do without, and the file then has none.
/// </remarks>
public sealed record PatchSource(Tensor Base, TensorMask Mask, TicketPayload Payload)
{
    /// <summary>The tuned tensor, of the base's shape unless rows are paired; its type may differ.</summary>
    public Tensor? Tuned { get; init; }

    /// <summary>The tuned values of the mask's elements alone, in ascending order.</summary>
    public ReadOnlyMemory<float>? Values { get; init; }

    /// <summary>The array that the mask's elements read, for <see cref="TicketPayload.Share"/> alone.</summary>
    public SharedWeights? Shared { get; init; }

    /// <summary>The base tensor's fingerprint where the caller has it already; null computes it.</summary>
    public string? BaseFingerprint { get; init; }

    /// <summary>The tuned tensor's fingerprint where the caller has it already; null computes it, of <see cref="Values"/> as the base in
    /// F32 with these in place of its own.</summary>
    public string? TunedFingerprint { get; init; }

    /// <summary>Which rows stand against each other, where the vocabulary was resized; null for those of the same number.</summary>
    public RowPairing? Pairing { get; init; }
}
