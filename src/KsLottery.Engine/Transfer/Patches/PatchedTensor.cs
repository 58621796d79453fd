using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What a patch does to one tensor.</summary>
/// <remarks>Its values lie in the patch's file and are read as they are asked for.</remarks>
public sealed class PatchedTensor
{
    internal PatchedTensor(TensorMask mask, TicketPayload payload, ElementType baseType, IReadOnlyList<long> baseShape,
        string baseFingerprint, string? tunedFingerprint)
    {
        (Mask, Payload, BaseElementType, BaseShape) = (mask, payload, baseType, baseShape);
        (BaseFingerprint, TunedFingerprint) = (baseFingerprint, tunedFingerprint);
    }

    /// <summary>The name that the tensor has in the base.</summary>
    public string Name => Mask.Name;

    /// <summary>Which of its units the patch is about.</summary>
    public TensorMask Mask { get; }

    /// <summary>What becomes of them.</summary>
    public TicketPayload Payload { get; }

    /// <summary>The element type of the base's tensor.</summary>
    public ElementType BaseElementType { get; }

    /// <summary>The shape of the base's tensor.</summary>
    public IReadOnlyList<long> BaseShape { get; }

    /// <summary>The <see cref="Fingerprint.OfTensor(Tensor, CancellationToken)"/> of the base's tensor.</summary>
    public string BaseFingerprint { get; }

    /// <summary>The fingerprint of the scale that must lie beside the base's tensor, where that holds codes; null for none.</summary>
    public string? BaseScaleFingerprint { get; internal init; }

    /// <summary>That of the tensor from which the values were taken; null where there is none, as where units are only dropped.</summary>
    public string? TunedFingerprint { get; }

    /// <summary>
    /// The values of the mask's elements in ascending order, in the tuned type; differences in F32 for <see cref="TicketPayload.Delta"/>,
    /// bits in U8, the lowest first, for <see cref="TicketPayload.Sign"/>; null where the payload has none.
    /// </summary>
    public Tensor? Values { get; internal init; }

    /// <summary>Which element reads what of <see cref="SharedValues"/>, for <see cref="TicketPayload.Share"/> alone.</summary>
    public ShareMap? Share { get; internal init; }

    /// <summary>The array that elements read, F32 [m], for <see cref="TicketPayload.Share"/> alone; the same for all tensors.</summary>
    public Tensor? SharedValues { get; internal init; }

    /// <summary>The base's values of all elements that change, in ascending order, in a type that gives the base's exact bytes; bits as in
    /// <see cref="Values"/> for <see cref="TicketPayload.Sign"/>.</summary>
    public Tensor BaseValues { get; internal init; } = null!;

    /// <summary>The numbers of the elements that change.</summary>
    public long ChangedElements => Payload != TicketPayload.Keep ? Mask.Parameters
        : Mask.Grid.ElementCount - (Values is null ? Mask.Parameters : 0);

    /// <summary>The rows of the base's matrix in which elements change.</summary>
    internal IndexSet ChangedRows => Payload != TicketPayload.Keep ? Mask.Rows : Values is not null ? IndexSet.All(Mask.Grid.Rows)
        : (Mask with { Units = Mask.Units.Complement() }).Rows;

    /// <summary>The patch's file.</summary>
    internal string Path => BaseValues.File.Path;

    /// <summary>The form of the base's tensor, for messages.</summary>
    internal string BaseForm => $"{BaseElementType.ToName()} [{string.Join(',', BaseShape)}]";

    /// <summary>The mask's units, counted: "94 rows".</summary>
    internal string UnitsInWords => $"{Mask.Units.Count} {UnitsName}";

    /// <summary>What units are called.</summary>
    internal string UnitsName => $"{Mask.Grid.UnitName}s";
}
