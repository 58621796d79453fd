using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

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

    /// <summary>Rows of the tuned tensor; 0, or nothing given, is as many as the base has.</summary>
    public int TunedRows { get => field > 0 ? field : Rows; init; }

    /// <summary>Whether the text of tokens paired the rows, and not their numbers.</summary>
    public bool IsPairedByText { get; init; }

    /// <summary>Whether a row may lack a counterpart, or stand against one of another number.</summary>
    public bool IsResized => TunedRows != Rows || IsPairedByText;

    /// <summary>d, the width of a row.</summary>
    public required int Width { get; init; }

    /// <summary>The base tensor's fingerprint, see <see cref="Checkpoints.Fingerprint"/>.</summary>
    public required string BaseFingerprint { get; init; }

    /// <summary>The tuned tensor's fingerprint.</summary>
    public required string TunedFingerprint { get; init; }

    /// <summary>The fingerprint of the scale that makes values of the base's codes (F8, I8, U8); null where there is none.</summary>
    public string? BaseScaleFingerprint { get; init; }

    /// <summary>The fingerprint of the scale of the tuned tensor's codes; null where there is none.</summary>
    public string? TunedScaleFingerprint { get; init; }

    /// <summary>Whether the base ties its output head to the input embedding; null where that cannot be told.</summary>
    public bool? IsTied { get; init; }

    /// <summary>The number of elements in all tensors of the base.</summary>
    public required long CheckpointParameters { get; init; }

    /// <summary>The adapter that made the tuned tensor; null where it lies in a checkpoint.</summary>
    public TicketAdapter? Adapter { get; init; }

    /// <summary>Says where two tensors come from.</summary>
    /// <param name="baseModel">The base.</param>
    /// <param name="before">Its matrix.</param>
    /// <param name="after">The tuned one.</param>
    /// <param name="baseFingerprint">The base matrix's fingerprint.</param>
    /// <param name="tunedFingerprint">The tuned one's.</param>
    /// <param name="pairing">Which rows were compared; null where each was with that of its number.</param>
    public static TicketOrigin Of(Checkpoint baseModel, Tensor before, Tensor after, string baseFingerprint, string tunedFingerprint,
        RowPairing? pairing = null)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        (long rows, long width) = before.RowShape;
        return new()
        {
            Tensor = before.Name,
            Rows = (int)rows,
            TunedRows = after.RowShape.Rows == rows ? 0 : (int)after.RowShape.Rows,
            IsPairedByText = pairing is { IsById: false },
            Width = (int)width,
            BaseType = before.ElementType,
            TunedType = after.ElementType,
            BaseFingerprint = baseFingerprint,
            TunedFingerprint = tunedFingerprint,
            BaseScaleFingerprint = before.Scale is { } scale ? Fingerprint.OfTensor(scale.Stored) : null,
            TunedScaleFingerprint = after.Scale is { } other ? Fingerprint.OfTensor(other.Stored) : null,
            IsTied = baseModel.IsTied,
            CheckpointParameters = baseModel.Tensors.Sum(t => t.ElementCount),
        };
    }
}

/// <summary>The adapter that made a tuned tensor of the base's, by its files' <see cref="Checkpoints.Fingerprint.OfFile"/>.</summary>
/// <param name="Kind">Its <c>peft_type</c>.</param>
/// <param name="ConfigFingerprint">Of <c>adapter_config.json</c>.</param>
/// <param name="WeightsFingerprint">Of <c>adapter_model.safetensors</c>.</param>
public sealed record TicketAdapter(string Kind, string ConfigFingerprint, string WeightsFingerprint);
