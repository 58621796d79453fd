using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Whether a tensor is the one that a patch belongs to.</summary>
internal static class PatchFit
{
    private const int MaxUnitsNamed = 8;

    /// <summary>Whether a tensor is the base of a patch, every byte of it.</summary>
    public static bool IsBase(PatchedTensor patched, Tensor tensor, CancellationToken cancellationToken) =>
        Fingerprint.OfTensor(tensor, Fingerprint.KindOf(patched.BaseFingerprint), cancellationToken) == patched.BaseFingerprint;

    /// <summary>Checks that a tensor is the base of a patch, every byte of it.</summary>
    /// <exception cref="PatchMismatchException">It is not.</exception>
    public static void ThrowIfNotBase(TicketPatch patch, PatchedTensor patched, Tensor tensor, CancellationToken cancellationToken)
    {
        ThrowIfOtherForm(patch, patched, tensor);
        string actual = Fingerprint.OfTensor(tensor, Fingerprint.KindOf(patched.BaseFingerprint), cancellationToken);
        if (actual == patched.BaseFingerprint)
        {
            ThrowIfOtherScale(patched, tensor, cancellationToken);
            return;
        }

        IndexSet different = FindDifferent(patched, tensor, PatchSide.Base, cancellationToken);
        bool isPatched = different.Count > 0 && FindDifferent(patched, tensor, PatchSide.Tuned, cancellationToken).Count == 0;
        string units = patched.UnitsName;
        string state = isPatched ? $"All {patched.UnitsInWords} hold the tuned values: this patch is applied already"
            : different.Count == 0 ? $"The patch's {patched.UnitsInWords} are as they should be, others are not"
            : $"Of the patch's {patched.UnitsInWords} {Name(different)} differ from its base {units}";
        throw Mismatch(patched, tensor, actual, "is not the base that the patch was made for", state,
            isPatched ? "Take the checkpoint from before"
                : $"Take the base that the patch was made from, or find the ticket again with this one{Doubt(patch)}");
    }

    /// <summary>Whether the first elements that a patch changes hold the base's values: a quick look, by which most other bases are
    /// known.</summary>
    public static bool MayBeBase(PatchedTensor patched, Tensor tensor)
    {
        PatchRewriter rewriter = new(patched, PatchSide.Base);
        long start = rewriter.Next;
        if (start >= tensor.ElementCount) return true;
        int count = (int)Math.Min(ElementReader.MaxCount, tensor.ElementCount - start);
        ReadOnlySpan<byte> present = new ElementReader(tensor).Get(start, count);
        byte[] rewritten = present.ToArray();
        rewriter.Rewrite(start, rewritten);
        return present.SequenceEqual(rewritten);
    }

    private static void ThrowIfOtherScale(PatchedTensor patched, Tensor tensor, CancellationToken cancellationToken)
    {
        string? actual = tensor.Scale is { } scale ? Fingerprint.OfTensor(scale.Stored, cancellationToken) : null;
        if (actual != patched.BaseScaleFingerprint)
            throw new PatchMismatchException(tensor.File.Path, $"{Place(tensor)}: the codes are those of the patch's base, the scale "
                + $"beside them is not. Its fingerprint is {actual ?? "none, for there is no scale"}, the patch {patched.Path} asks for "
                + $"{patched.BaseScaleFingerprint ?? "none"}. Take the base that the patch was made from, all its tensors.",
                patched.BaseScaleFingerprint, actual);
    }

    /// <summary>Checks that a tensor holds what a patch puts there.</summary>
    /// <exception cref="PatchMismatchException">It does not.</exception>
    public static void ThrowIfNotPatched(TicketPatch patch, PatchedTensor patched, Tensor tensor, CancellationToken cancellationToken)
    {
        ThrowIfOtherForm(patch, patched, tensor);
        IndexSet different = FindDifferent(patched, tensor, PatchSide.Tuned, cancellationToken);
        if (different.Count == 0) return;
        string place = Place(tensor);
        if (Fingerprint.OfTensor(tensor, Fingerprint.KindOf(patched.BaseFingerprint), cancellationToken) == patched.BaseFingerprint)
            throw new PatchMismatchException(tensor.File.Path,
                $"{place}: this is the base already, there is nothing to revert. Give the patched checkpoint.");
        throw new PatchMismatchException(tensor.File.Path, $"{place}: the patch {patch.Path} cannot be reverted, for of its "
            + $"{patched.UnitsInWords} {Name(different)} do not hold its tuned values. "
            + $"Give the checkpoint that was written by applying it{Doubt(patch)}.");
    }

    /// <summary>Checks that a reverted tensor is the base of a patch again, by its fingerprint of the same kind.</summary>
    /// <exception cref="PatchMismatchException">It is not: more than the patch changes was changed.</exception>
    public static void ThrowIfNotRestored(TicketPatch patch, PatchedTensor patched, Tensor tensor, string restored)
    {
        if (restored != patched.BaseFingerprint)
            throw Mismatch(patched, tensor, restored, "does not become the base again",
                $"The patch's {patched.UnitsInWords} were put back, so other {patched.UnitsName} changed since it was applied",
                $"Give the checkpoint that was written by applying it{Doubt(patch)}");
    }

    /// <summary>The end of a next step where nobody knows whether it is the patch that changed.</summary>
    private static string Doubt(TicketPatch patch) => patch.IsVerified ? ""
        : "; or the patch itself is damaged, which no checksum rules out: copy or write it again";

    /// <summary>The units that would hold a NaN or an infinity of the patch in a tensor.</summary>
    public static IndexSet FindNonFinite(PatchedTensor patched, Tensor tensor, CancellationToken cancellationToken) =>
        FindUnits(patched, tensor, PatchSide.Tuned, (hasValues, _, rewritten) =>
            hasValues && !RowRounding.AreFinite(rewritten, tensor.ElementType), cancellationToken);

    /// <summary>The refusal of such units.</summary>
    public static NotFiniteNumberException NonFinite(PatchedTensor patched, IndexSet units) =>
        new($"{patched.Path}: of the patch's {patched.UnitsInWords} {Name(units)} would hold a NaN or an infinity as "
            + $"{patched.BaseElementType.ToName()}, with which no model works. Find the ticket again, which leaves such rows out, take a "
            + $"base of a wider type, or ask for them ({Remedy.AllowNonFinite}).");

    private delegate bool ElementTest(bool hasValues, ReadOnlySpan<byte> present, ReadOnlySpan<byte> rewritten);

    /// <summary>The units of a tensor, of the patch's form, that differ from one side of it.</summary>
    private static IndexSet FindDifferent(PatchedTensor patched, Tensor tensor, PatchSide side, CancellationToken cancellationToken) =>
        FindUnits(patched, tensor, side, (_, present, other) => !present.SequenceEqual(other), cancellationToken);

    private static IndexSet FindUnits(PatchedTensor patched, Tensor tensor, PatchSide side, ElementTest test,
        CancellationToken cancellationToken)
    {
        int size = tensor.ElementType.ByteSize();
        ElementReader reader = new(tensor);
        UnitGrid grid = patched.Mask.Grid;
        byte[] buffer = new byte[ElementReader.MaxCount * size];
        ulong[]? found = null;
        PatchRewriter rewriter = new(patched, side);
        for (long start = rewriter.Next; start < tensor.ElementCount; start = Math.Max(start + ElementReader.MaxCount, rewriter.Next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> present = reader.Get(start, (int)Math.Min(ElementReader.MaxCount, tensor.ElementCount - start));
            Span<byte> rewritten = buffer.AsSpan(0, present.Length);
            present.CopyTo(rewritten);
            rewriter.Rewrite(start, rewritten);
            if (!test(rewriter.HasValues, present, rewritten)) continue;
            foreach (int place in rewriter.Places)
            {
                if (!test(rewriter.HasValues, present.Slice(place * size, size), rewritten.Slice(place * size, size))) continue;
                long unit = grid.UnitOf(start + place);
                found ??= new ulong[(grid.Count + 63) / 64];
                found[unit >> 6] |= 1UL << (int)(unit & 63);
            }
        }
        return found is null ? IndexSet.Empty(grid.Count) : IndexSetBuilder.Compact(grid.Count, found);
    }

    /// <summary>Checks that a tensor has the type and shape of a patch's base.</summary>
    /// <exception cref="PatchMismatchException">It has others.</exception>
    public static void ThrowIfOtherForm(TicketPatch patch, PatchedTensor patched, Tensor tensor)
    {
        if (tensor.ElementType == patched.BaseElementType && tensor.Shape.SequenceEqual(patched.BaseShape)) return;
        string hint = patch.Rows is { IsResized: true } rows && tensor.Shape is [var count, _]
            && count == rows.TunedRowCount
            ? $"It has the tuned vocabulary's size; a checkpoint that apply resized is reverted by the {ResizeRecord.FileName} in its "
            + $"folder. " : "";
        throw new PatchMismatchException(tensor.File.Path,
            $"{Place(tensor)}: this is {tensor.DtypeName} [{string.Join(',', tensor.Shape)}], the patch {patch.Path} was made for "
            + $"{patched.BaseForm}. {hint}Take the base that the patch was made from.");
    }

    /// <summary>The refusal of a tensor that is not what apply wrote.</summary>
    public static PatchMismatchException Mismatch(TicketPatch patch, Tensor tensor, string problem) => new(tensor.File.Path,
        $"{Place(tensor)}: {problem}. Give the checkpoint that was written by applying the patch{Doubt(patch)}.");

    private static PatchMismatchException Mismatch(PatchedTensor patched, Tensor tensor, string actual, string problem,
        string units, string nextStep) => new(tensor.File.Path, $"{Place(tensor)}: this tensor {problem}. Its fingerprint is {actual}, "
            + $"the patch {patched.Path} asks for {patched.BaseFingerprint}. {units}. {nextStep}.", patched.BaseFingerprint, actual);

    private static string Place(Tensor tensor) => $"{tensor.File.Path}, tensor {CheckpointFormatException.Quote(tensor.Name)}";

    /// <summary>How many units, and the first of them.</summary>
    public static string Name(IndexSet units) =>
        $"{units.Count} ({string.Join(", ", units.Take(MaxUnitsNamed))}{(units.Count > MaxUnitsNamed ? ", …" : "")})";
}

/// <summary>A checkpoint is not the one that a patch belongs to; nothing was written.</summary>
/// <remarks>The message names file and tensor, both fingerprints, the units that differ and the next step.</remarks>
public sealed class PatchMismatchException : Exception
{
    internal PatchMismatchException(string path, string message, string? expected = null, string? actual = null)
        : base(message) => (Path, ExpectedFingerprint, ActualFingerprint) = (path, expected, actual);

    /// <summary>The file that does not fit the patch.</summary>
    public string Path { get; }

    /// <summary>The fingerprint that the patch asks for, or null where the mismatch shows otherwise.</summary>
    public string? ExpectedFingerprint { get; }

    /// <summary>The fingerprint that was found, or null where the mismatch shows otherwise.</summary>
    public string? ActualFingerprint { get; }
}
