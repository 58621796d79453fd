using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tickets;

/// <summary>The tensors that a ticket comes from.</summary>
public sealed record TicketOrigin
{
    /// <summary>The tensor's name in the base.</summary>
    public required string Tensor { get; init; }

    /// <summary>The base's element type.</summary>
    public required ElementType BaseType { get; init; }

    /// <summary>The tuned tensor's element type.</summary>
    public required ElementType TunedType { get; init; }

    /// <summary>R, the rows of the tensor.</summary>
    public required int Rows { get; init; }

    /// <summary>d, the width of a row.</summary>
    public required int Width { get; init; }

    /// <summary>The base tensor's fingerprint, see <see cref="Checkpoints.Fingerprint"/>.</summary>
    public required string BaseFingerprint { get; init; }

    /// <summary>The tuned tensor's fingerprint.</summary>
    public required string TunedFingerprint { get; init; }

    /// <summary>Whether the base ties its output head to the input embedding; null where that cannot be told.</summary>
    public bool? IsTied { get; init; }

    /// <summary>The number of elements in all tensors of the base.</summary>
    public required long CheckpointParameters { get; init; }

    /// <summary>The adapter that made the tuned tensor; null where it lies in a checkpoint.</summary>
    public TicketAdapter? Adapter { get; init; }

    /// <summary>Says where two tensors come from.</summary>
    /// <param name="basis">The base.</param>
    /// <param name="before">Its matrix.</param>
    /// <param name="after">The tuned one.</param>
    /// <param name="baseFingerprint">The base matrix's fingerprint.</param>
    /// <param name="tunedFingerprint">The tuned one's.</param>
    public static TicketOrigin Of(Checkpoint basis, Tensor before, Tensor after, string baseFingerprint, string tunedFingerprint)
    {
        ArgumentNullException.ThrowIfNull(basis);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        (long rows, long width) = before.RowShape;
        return new()
        {
            Tensor = before.Name,
            Rows = (int)rows,
            Width = (int)width,
            BaseType = before.ElementType,
            TunedType = after.ElementType,
            BaseFingerprint = baseFingerprint,
            TunedFingerprint = tunedFingerprint,
            IsTied = basis.IsTied,
            CheckpointParameters = basis.Tensors.Sum(t => t.ElementCount),
        };
    }
}
