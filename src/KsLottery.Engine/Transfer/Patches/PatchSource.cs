using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
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
    /// <summary>Rows of a matrix that are to be replaced; <see cref="Tuned"/> or <see cref="Values"/> is still to be set.</summary>
    /// <param name="baseTensor">The base matrix [rows,d] of a readable type.</param>
    /// <param name="rows">Which of its rows, at least one.</param>
    /// <exception cref="ArgumentException">It is no matrix, or the rows are not its.</exception>
    public static PatchSource OfRows(Tensor baseTensor, IndexSet rows)
    {
        ArgumentNullException.ThrowIfNull(baseTensor);
        ArgumentNullException.ThrowIfNull(rows);
        if (!baseTensor.ElementType.IsReadable() || baseTensor.Shape is not [> 0, > 0 and <= PatchForm.MaxRowLength])
            throw new ArgumentException($"{PatchForm.Place(baseTensor)} is {PatchForm.Describe(baseTensor)}; rows can be taken from "
                + $"{ElementTypes.ReadableNames} [rows,d] with d from 1 to {PatchForm.MaxRowLength}. Name another tensor.",
                nameof(baseTensor));
        if (rows.Count == 0 || rows.Length != baseTensor.Shape[0])
            throw new ArgumentException($"the set has {rows.Count} of {rows.Length} rows, {PatchForm.Place(baseTensor)} has "
                + $"{baseTensor.Shape[0]}. Select at least one of its rows, or write no patch.", nameof(rows));
        return new(baseTensor, TensorMask.OfRows(baseTensor.Name, baseTensor.Shape[1], rows), TicketPayload.Replace);
    }

    /// <summary>The tuned tensor, of the base's shape unless rows are paired; its type may differ.</summary>
    public Tensor? Tuned { get; init; }

    /// <summary>The tuned values of the mask's elements alone, in ascending order.</summary>
    public ReadOnlyMemory<float>? Values { get; init; }

    /// <summary>For <see cref="TicketPayload.Delta"/> the differences themselves, where these are given and <see cref="Values"/> are base
    /// and difference added up, rounded; null takes the difference of the values.</summary>
    public ReadOnlyMemory<float>? Changes { get; init; }

    /// <summary>What <see cref="TicketPayload.Delta"/> is the difference to, where that is not the base itself: the base with another patch
    /// in place, so that both patches add up.</summary>
    public Tensor? Start { get; init; }

    /// <summary>The array that the mask's elements read, for <see cref="TicketPayload.Share"/> alone.</summary>
    public SharedWeights? Shared { get; init; }

    /// <summary>The base tensor's fingerprint where the caller has it already; null computes it.</summary>
    public string? BaseFingerprint { get; init; }

    /// <summary>The tuned tensor's fingerprint where the caller has it already; null computes it, of <see cref="Values"/> as the base (or
    /// <see cref="Start"/>) in F32 with these in place of its own.</summary>
    public string? TunedFingerprint { get; init; }

    /// <summary>Which rows stand against each other, where the vocabulary was resized; null for those of the same number.</summary>
    public RowPairing? Pairing { get; init; }
}
