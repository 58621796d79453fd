using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Whether a tensor is the one that a patch belongs to.</summary>
internal static class PatchFit
{
    private const int MaxRowsNamed = 8;

    /// <summary>Checks that a tensor is the base of a patch, every byte of it.</summary>
    /// <exception cref="PatchMismatchException">It is not.</exception>
    public static void ThrowIfNotBase(RowPatch patch, Tensor tensor, CancellationToken cancellationToken)
    {
        ThrowIfOtherForm(patch, tensor);
        string actual = Fingerprint.OfTensor(tensor, Fingerprint.KindOf(patch.BaseFingerprint), cancellationToken);
        if (actual == patch.BaseFingerprint)
        {
            ThrowIfOtherScale(patch, tensor, cancellationToken);
            return;
        }

        List<int> different = new StoredRows(patch.Indices, patch.BaseRows, tensor.ElementType).FindDifferent(tensor, cancellationToken);
        bool isPatched = different.Count > 0
            && new StoredRows(patch.Indices, patch.Rows, tensor.ElementType).FindDifferent(tensor, cancellationToken).Count == 0;
        string rows = isPatched ? $"All {patch.Indices.Count} rows hold the tuned values: this patch is applied already"
            : different.Count == 0 ? $"The patch's {patch.Indices.Count} rows are as they should be, others are not"
            : $"Of the patch's {patch.Indices.Count} rows {Name(different)} differ from its base rows";
        throw Mismatch(patch, tensor, actual, "is not the base that the patch was made for", rows,
            isPatched ? "Take the checkpoint from before"
                : "Take the base that the patch was made from, or find the ticket again with this one");
    }

    private static void ThrowIfOtherScale(RowPatch patch, Tensor tensor, CancellationToken cancellationToken)
    {
        string? actual = tensor.Scale is { } scale ? Fingerprint.OfTensor(scale.Stored, cancellationToken) : null;
        if (actual != patch.BaseScaleFingerprint)
            throw new PatchMismatchException(tensor.File.Path, $"{Place(tensor)}: the codes are those of the patch's base, the scale "
                + $"beside them is not. Its fingerprint is {actual ?? "none, for there is no scale"}, the patch {patch.Path} asks for "
                + $"{patch.BaseScaleFingerprint ?? "none"}. Take the base that the patch was made from, all its tensors.",
                patch.BaseScaleFingerprint, actual);
    }

    /// <summary>Checks that a tensor holds the rows of a patch.</summary>
    /// <exception cref="PatchMismatchException">It does not.</exception>
    public static void ThrowIfNotPatched(RowPatch patch, Tensor tensor, CancellationToken cancellationToken)
    {
        ThrowIfOtherForm(patch, tensor);
        List<int> different = new StoredRows(patch.Indices, patch.Rows, tensor.ElementType).FindDifferent(tensor, cancellationToken);
        if (different.Count == 0) return;
        string place = Place(tensor);
        if (Fingerprint.OfTensor(tensor, Fingerprint.KindOf(patch.BaseFingerprint), cancellationToken) == patch.BaseFingerprint)
            throw new PatchMismatchException(tensor.File.Path,
                $"{place}: this is the base already, there is nothing to revert. Give the patched checkpoint.");
        throw new PatchMismatchException(tensor.File.Path, $"{place}: the patch {patch.Path} cannot be reverted, for of its "
            + $"{patch.Indices.Count} rows {Name(different)} do not hold its tuned values. "
            + "Give the checkpoint that was written by applying it.");
    }

    /// <summary>Checks that a reverted tensor is the base of a patch again, by its fingerprint of the same kind.</summary>
    /// <exception cref="PatchMismatchException">It is not: rows beyond the patch changed.</exception>
    public static void ThrowIfNotRestored(RowPatch patch, Tensor patched, string restored)
    {
        if (restored != patch.BaseFingerprint)
            throw Mismatch(patch, patched, restored, "does not become the base again",
                $"The patch's {patch.Indices.Count} rows were put back, so other rows changed since it was applied",
                "Give the checkpoint that was written by applying it");
    }

    /// <summary>The rows of a patch that would hold a NaN or an infinity in a tensor's type.</summary>
    public static List<int> FindNonFinite(RowPatch patch, Tensor tensor, CancellationToken cancellationToken)
    {
        StoredRows stored = new(patch.Indices, patch.Rows, tensor.ElementType);
        List<int> found = [];
        for (int place = 0; place < patch.Indices.Count; place++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!RowRounding.AreFinite(stored.Get(place, out _), tensor.ElementType)) found.Add(patch.Indices[place]);
        }
        return found;
    }

    /// <summary>The refusal of such rows.</summary>
    public static NotFiniteNumberException NonFinite(RowPatch patch, List<int> rows) =>
        new($"{patch.Path}: of the patch's {patch.Indices.Count} rows {Name(rows)} would hold a NaN or an infinity as "
            + $"{patch.BaseElementType.ToName()}, with which no model works. Find the ticket again, which leaves such rows out, take a "
            + $"base of a wider type, or ask for them ({Remedy.AllowNonFinite}).");

    private static void ThrowIfOtherForm(RowPatch patch, Tensor tensor)
    {
        if (tensor.DtypeName == patch.BaseElementType.ToName() && tensor.Shape is [var rows, var width] && rows == patch.BaseRowCount
            && width == patch.Width) return;
        string hint = patch.IsResized && tensor.Shape[0] == patch.TunedRowCount
            ? $"It has the tuned vocabulary's size; a checkpoint that apply resized is reverted by the {ResizeRecord.FileName} in its "
            + $"folder. " : "";
        throw new PatchMismatchException(tensor.File.Path,
            $"{Place(tensor)}: this is {tensor.DtypeName} [{string.Join(',', tensor.Shape)}], the patch {patch.Path} was made for "
            + $"{patch.BaseElementType.ToName()} [{patch.BaseRowCount},{patch.Width}]. {hint}Take the base that the patch was made from.");
    }

    /// <summary>The refusal of a tensor that is not what apply wrote.</summary>
    public static PatchMismatchException Mismatch(Tensor tensor, string problem) =>
        new(tensor.File.Path, $"{Place(tensor)}: {problem}. Give the checkpoint that was written by applying the patch.");

    private static PatchMismatchException Mismatch(RowPatch patch, Tensor tensor, string actual, string problem, string rows,
        string nextStep) => new(tensor.File.Path, $"{Place(tensor)}: this tensor {problem}. Its fingerprint is {actual}, "
            + $"the patch {patch.Path} asks for {patch.BaseFingerprint}. {rows}. {nextStep}.", patch.BaseFingerprint, actual);

    private static string Place(Tensor tensor) => $"{tensor.File.Path}, tensor {CheckpointFormatException.Quote(tensor.Name)}";

    /// <summary>How many rows, and the first of them.</summary>
    public static string Name(List<int> rows) =>
        $"{rows.Count} ({string.Join(", ", rows.Take(MaxRowsNamed))}{(rows.Count > MaxRowsNamed ? ", …" : "")})";
}

/// <summary>A checkpoint is not the one that a patch belongs to; nothing was written.</summary>
/// <remarks>The message names file and tensor, both fingerprints, the rows that differ and the next step.</remarks>
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
