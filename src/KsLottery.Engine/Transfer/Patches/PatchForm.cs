using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>The forms of a patch's tensors, and whether those that are given have them.</summary>
internal static class PatchForm
{
    // Eight bytes a value keep a row within a span.
    public const int MaxRowLength = int.MaxValue / 8;

    /// <summary>The shape of a mask's values: a line for each unit where all have the same size.</summary>
    public static long[] ValueShape(TensorMask mask, TicketPayload payload) => payload == TicketPayload.Sign ? [(mask.Parameters + 7) / 8]
        : mask.Grid.IsPlain ? [mask.Units.Count, mask.Grid.UnitSize] : [mask.Parameters];

    /// <summary>The shape of the base's values.</summary>
    public static long[] BaseShape(TensorMask mask, TicketPayload payload, bool hasValues) =>
        payload == TicketPayload.Keep ? [mask.Grid.ElementCount - (hasValues ? 0 : mask.Parameters)] : ValueShape(mask, payload);

    /// <summary>Whether units are whole rows of a matrix of some shape.</summary>
    public static bool IsOfRows(TensorMask mask, IReadOnlyList<long> shape, TicketPayload payload) => payload == TicketPayload.Replace
        && shape is [<= int.MaxValue, > 0 and <= MaxRowLength] && mask.Grid.IsRows;

    /// <summary>A source with what is known of it, checked.</summary>
    /// <exception cref="ArgumentException">Its parts do not fit.</exception>
    public static PatchSource Complete(PatchSource source, int tensors, PatchOrigin origin)
    {
        if (tensors > 1 && (origin.Pairing ?? (object?)origin.BaseFingerprint ?? origin.TunedFingerprint) is not null)
            throw new ArgumentException($"the origin has a pairing or a fingerprint, and there are {tensors} tensors. Give them with their "
                + $"tensor ({nameof(PatchSource)}).", nameof(origin));
        source = source with
        {
            Pairing = source.Pairing ?? origin.Pairing,
            BaseFingerprint = CheckFingerprint(source.BaseFingerprint ?? origin.BaseFingerprint),
            TunedFingerprint = CheckFingerprint(source.TunedFingerprint ?? origin.TunedFingerprint),
        };
        ThrowIfUnfit(source);
        return source;
    }

    /// <summary>Why a payload says nothing about a base's type, without a final full stop; null where it does.</summary>
    public static string? WhyNotPossible(TicketPayload payload, ElementType type) => payload switch
    {
        TicketPayload.Delta when StoredCodes.AreCodes(type) => "to whose codes no differences are added",
        TicketPayload.Share when StoredCodes.AreCodes(type) => "to whose codes no values are rounded",
        TicketPayload.Sign when type is ElementType.I8 or ElementType.U8 => "whose values have no sign bit of their own",
        _ => null,
    };

    /// <summary>Why a patch cannot hold tuned values, which mean something else in the base as they are stored, without a final full stop;
    /// null where it can.</summary>
    public static string? WhyNotMovable(PatchSource source) => source.Tuned is not { } tuned || source.Payload == TicketPayload.Sign ? null
        : StoredCodes.WhyNotMovable(source.Base, tuned, source.Mask, source.Pairing is { IsPlain: false } pairing ? pairing : null);

    /// <summary>A tensor and its file, for messages.</summary>
    public static string Place(Tensor tensor) => $"{Name(tensor)},";

    private static string Name(Tensor tensor) => $"{tensor.File.Path}, tensor {Quote(tensor.Name)}";

    private static void ThrowIfUnfit(PatchSource source)
    {
        (Tensor before, TensorMask mask, TicketPayload payload) = source;
        if (!before.ElementType.IsReadable())
            throw new ArgumentException($"{Place(before)} is {Describe(before)}; a patch changes tensors of {ElementTypes.ReadableNames}. "
                + "Leave it out.", nameof(source));
        if (WhyNotPossible(payload, before.ElementType) is { } reason)
            throw new ArgumentException($"{Place(before)} is {Describe(before)}, {reason}. Take another payload. Nothing was written.",
                nameof(source));
        if ((mask.Grid.Rows, mask.Grid.Columns) != before.RowShape)
            throw new ArgumentException($"{Place(before)} is {Describe(before)}, the mask has {mask.Grid}. Take the mask of this tensor. "
                + "Nothing was written.", nameof(source));
        if (Payloads.HasValues(payload) && source.Tuned is null && source.Values is null)
            throw new ArgumentException($"{Place(before)} has no tuned values, and the payload {payload.ToName()} takes some. Give the "
                + "tuned tensor. Nothing was written.", nameof(source));
        if (payload == TicketPayload.Drop && (source.Tuned is not null || source.Values is not null))
            throw new ArgumentException($"{Place(before)} has tuned values, and the payload {payload.ToName()} takes none. Leave them out. "
                + "Nothing was written.", nameof(source));
        if (source.Values is { } values && values.Length != mask.Parameters)
            throw new ArgumentException($"{mask.Units.Count} {mask.Grid.UnitName}s of {Place(before)} have {mask.Parameters} values, "
                + $"{values.Length} are given. Nothing was written.", nameof(source));
        if (source.Changes is { } changes && (payload != TicketPayload.Delta || changes.Length != source.Values?.Length))
            throw new ArgumentException($"{Place(before)} has {changes.Length} differences beside {source.Values?.Length ?? 0} values and "
                + $"the payload {payload.ToName()}; there are as many of both, for {TicketPayload.Delta.ToName()} alone. Nothing was "
                + "written.", nameof(source));
        if (source.Values is not null && StoredCodes.AreCodes(before.ElementType))
            throw new ArgumentException($"{Place(before)} is {Describe(before)}, whose codes no trained values replace. Convert it "
                + $"to {ElementTypes.NativeNames}. Nothing was written.", nameof(source));
        if (source.Start is { } start && (payload != TicketPayload.Delta || !start.Shape.SequenceEqual(before.Shape)
            || WhyNotPossible(payload, start.ElementType) is not null))
            throw new ArgumentException($"{Place(before)} is {Describe(before)}, and the patch is the {payload.ToName()} from "
                + $"{Describe(start)}. A difference alone has another start than the base, in its shape. Nothing was written.",
                nameof(source));
        if (source.Tuned is { } tuned) ThrowIfUnfit(source, tuned);
        ThrowIfUnshared(source);
    }

    private static void ThrowIfUnshared(PatchSource source)
    {
        if (source.Payload == TicketPayload.Share != source.Shared is not null)
            throw new ArgumentException($"{Name(source.Base)}: the payload share takes an array and a map, and no other does. Nothing was "
                + "written.", nameof(source));
        if (source.Shared is not { } shared) return;
        if (source.Tuned is not null || source.Values is not null)
            throw new ArgumentException($"{Place(source.Base)} has tuned values, and the payload share takes an array. Leave them out. "
                + "Nothing was written.", nameof(source));
        if (shared.Array.IsEmpty || !shared.Map.IsValid)
            throw new ArgumentException($"{Name(source.Base)}: the array has {shared.Array.Length} values and the map is {shared.Map}; an "
                + $"array has 1 at least, coefficients are from 0 to below {ShareMap.Prime}, the offset from 0 to "
                + $"{ShareMap.MaxElements}, the scale is finite. Nothing was written.", nameof(source));
    }

    private static void ThrowIfUnfit(PatchSource source, Tensor tuned)
    {
        (Tensor before, TensorMask mask, TicketPayload payload) = source;
        if (!tuned.ElementType.IsReadable())
            throw new ArgumentException($"{Place(tuned)} is {Describe(tuned)}; values can be taken from {ElementTypes.ReadableNames}. Name "
                + "another tensor.", nameof(source));
        RowPairing? pairing = source.Pairing is { IsPlain: false } given ? given : null;
        if (pairing is not null && !IsOfRows(mask, before.Shape, payload))
            throw new ArgumentException($"{Name(before)}: rows are paired where whole rows of a matrix are replaced. Nothing was written.",
                nameof(source));
        if (pairing is null ? !before.Shape.SequenceEqual(tuned.Shape)
            : tuned.Shape is not [var rows, var width] || width != before.Shape[1] || before.Shape[0] != pairing.BaseRows
                || rows != pairing.TunedRows)
            throw new ArgumentException($"base and tuned tensor must have one shape: {Place(before)} is {Describe(before)}, "
                + $"{Place(tuned)} is {Describe(tuned)}. Nothing was written.", nameof(source));
        if (pairing is not null
            && mask.Units.Select(row => (int)row).FirstOrDefault(row => pairing.TunedOf(row) < 0, -1) is >= 0 and int alone)
            throw new ArgumentException($"row {alone} has no counterpart in {Place(tuned)} which could take its place. "
                + "Nothing was written.", nameof(source));
        if (WhyNotMovable(source) is { } reason)
            throw new ArgumentException($"{Place(tuned)} for {Place(before)} {reason}. Convert both to F32, F16 or BF16 first. "
                + "Nothing was written.", nameof(source));
    }

    private static string? CheckFingerprint(string? fingerprint) => fingerprint is null || Fingerprint.IsWellFormed(fingerprint)
        ? fingerprint
        : throw new ArgumentException($"{Quote(fingerprint)} is no fingerprint of a tensor. Leave it out to have it computed.",
            nameof(fingerprint));

    /// <summary>A tensor's type and shape, for messages.</summary>
    public static string Describe(Tensor tensor) => $"{tensor.DtypeName} [{string.Join(',', tensor.Shape)}]";

    private static string Quote(string text) => CheckpointFormatException.Quote(text);
}
