using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Transfer;

public sealed partial class RowPatch
{
    // Four bytes a value keep a row within a span.
    private const int MaxRowLength = int.MaxValue / 8;

    /// <summary>Writes selected rows of a tuned tensor as a patch for the base; the file appears whole or not at all.</summary>
    /// <param name="path">The target, in a folder that exists; replaced where it exists.</param>
    /// <param name="baseTensor">The base matrix [rows,d] of a readable type; its name is the one that the patch will look for.</param>
    /// <param name="tunedTensor">The tuned matrix, of the same shape unless the origin pairs rows; its type may differ, but for codes (F8,
    /// I8, U8), which must have the base's type and in these rows its scale.</param>
    /// <param name="indices">The rows to take, ascending, at least one.</param>
    /// <param name="origin">Signature, tying and, where they are known already, fingerprints.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="ArgumentException">
    /// Tensors do not fit each other, or indices do not ascend, are none, or name no row; the message says which.
    /// </exception>
    /// <exception cref="CheckpointFormatException">An element type is not known, or a file became shorter.</exception>
    /// <exception cref="IOException">The target is open as an input, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled; nothing was written.</exception>
    public static void Write(string path, Tensor baseTensor, Tensor tunedTensor, IReadOnlyList<int> indices, RowPatchOrigin origin,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseTensor);
        ArgumentNullException.ThrowIfNull(tunedTensor);
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(origin);
        ThrowIfNoMatrix(baseTensor, nameof(baseTensor));
        ThrowIfNoMatrix(tunedTensor, nameof(tunedTensor));
        if (baseTensor.Shape[1] != tunedTensor.Shape[1] || !Fits(origin.Pairing, baseTensor, tunedTensor))
            throw new ArgumentException($"base and tuned tensor must have one shape: {Place(baseTensor)} is {Describe(baseTensor)}, "
                + $"{Place(tunedTensor)} is {Describe(tunedTensor)}. Nothing was written.", nameof(tunedTensor));
        CheckIndices(indices, baseTensor);
        int[] tunedIndices = [.. indices.Select(row => origin.Pairing?.TunedOf(row) ?? row)];
        if (Array.IndexOf(tunedIndices, -1) is >= 0 and int alone)
            throw new ArgumentException($"row {indices[alone]} has no counterpart in {Place(tunedTensor)} which could take its place. "
                + "Nothing was written.",
                nameof(indices));
        if (StoredCodes.WhyNotMovable(baseTensor, tunedTensor, indices.Zip(tunedIndices)) is { } reason)
            throw new ArgumentException($"{Place(tunedTensor)} for {Place(baseTensor)} {reason}. Convert both to F32, F16 or BF16 first. "
                + "Nothing was written.", nameof(tunedTensor));

        SelectedRows tuned = new(tunedTensor, tunedIndices, cancellationToken);
        WriteFile(path, baseTensor, indices, tunedTensor.ElementType, stream => tuned.WriteTo(stream, tunedTensor.ElementType),
            [.. tuned.FindNonFinite().Select(place => indices[place])], CheckFingerprint(origin.TunedFingerprint)
                ?? Fingerprint.OfTensor(tunedTensor, cancellationToken), origin, cancellationToken,
            tunedIndices);
    }

    /// <summary>Writes rows that were trained by themselves as a patch for the base; the file appears whole or not at all.</summary>
    /// <remarks>The tuned tensor, which nobody holds, is the base in F32 with these rows in place of its own; the fingerprint is that
    /// one's.</remarks>
    /// <param name="path">The target, in a folder that exists; replaced where it exists.</param>
    /// <param name="baseTensor">The base matrix [rows,d] of F64, F32, F16 or BF16.</param>
    /// <param name="indices">The rows that were trained, ascending, k of them, at least one.</param>
    /// <param name="rows">Their values, (k, d).</param>
    /// <param name="origin">Signature, tying and, where they are known already, fingerprints.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="ArgumentException">Indices do not ascend, are none, or name no row, or there are not k·d values.</exception>
    /// <exception cref="IOException">The target is open as an input, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled; nothing was written.</exception>
    public static void Write(string path, Tensor baseTensor, IReadOnlyList<int> indices, ReadOnlyMemory<float> rows, RowPatchOrigin origin,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseTensor);
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(origin);
        ThrowIfNoMatrix(baseTensor, nameof(baseTensor));
        CheckIndices(indices, baseTensor);
        if (StoredCodes.AreInTheWay(ElementType.F32, baseTensor.ElementType))
            throw new ArgumentException($"{Place(baseTensor)} is {Describe(baseTensor)}, whose codes no trained rows replace. Convert it "
                + $"to {ElementTypes.NativeNames}. Nothing was written.", nameof(baseTensor));
        if (rows.Length != indices.Count * baseTensor.Shape[1])
            throw new ArgumentException($"{indices.Count} rows of {baseTensor.Shape[1]} values are {indices.Count * baseTensor.Shape[1]}, "
                + $"{rows.Length} are given. Nothing was written.", nameof(rows));
        int width = (int)baseTensor.Shape[1];
        List<int> nonFinite = [.. indices.Where((_, place) => !RowRounding.AreFinite(
            MemoryMarshal.AsBytes(rows.Span.Slice(place * width, width)), ElementType.F32))];
        WriteFile(path, baseTensor, indices, ElementType.F32, stream => stream.Write(MemoryMarshal.AsBytes(rows.Span)),
            nonFinite, CheckFingerprint(origin.TunedFingerprint) ?? TrainedFingerprint(baseTensor, indices, rows.Span, cancellationToken),
                origin, cancellationToken);
    }

    private static void WriteFile(string path, Tensor baseTensor, IReadOnlyList<int> indices, ElementType tunedType,
        Action<Stream> writeRows,
        List<int> nonFinite, string tunedFingerprint, RowPatchOrigin origin, CancellationToken cancellationToken,
        int[]? tunedIndices = null)
    {
        SelectedRows before = new(baseTensor, indices, cancellationToken);
        ElementType beforeType = before.SurviveIn(tunedType) ? tunedType : baseTensor.ElementType;
        long[] shape = [indices.Count, baseTensor.Shape[1]];
        string baseFingerprint = CheckFingerprint(origin.BaseFingerprint) ?? Fingerprint.OfTensor(baseTensor, cancellationToken);
        Dictionary<string, string> metadata = new()
        {
            ["format"] = Format,
            ["format_version"] = Fingerprint.KindOf(baseFingerprint) == FingerprintKind.Stream
                && Fingerprint.KindOf(tunedFingerprint) == FingerprintKind.Stream ? FormatVersion : TreeFormatVersion,
            ["tensor"] = baseTensor.Name,
            ["base_dtype"] = baseTensor.ElementType.ToName(),
            ["base_shape"] = string.Create(CultureInfo.InvariantCulture, $"[{baseTensor.Shape[0]},{baseTensor.Shape[1]}]"),
            ["base_fingerprint"] = baseFingerprint,
            ["tuned_fingerprint"] = tunedFingerprint,
            ["tied"] = origin.IsTied switch { true => "true", false => "false", null => "unknown" },
            ["signature"] = origin.Signature,
        };
        if (baseTensor.Scale is { } scale) metadata[BaseScaleName] = Fingerprint.OfTensor(scale.Stored, cancellationToken);
        if (nonFinite.Count > 0) metadata["non_finite_rows"] = string.Join(',', nonFinite);
        RowPairing? pairing = origin.Pairing is { IsPlain: false } given ? given : null;
        if (pairing is not null)
        {
            metadata[TunedShapeName] = string.Create(CultureInfo.InvariantCulture, $"[{pairing.TunedRows},{baseTensor.Shape[1]}]");
            metadata[PairsName] = pairing.IsById ? ById : ByText;
        }
        SafetensorsWriter.Write(path,
        [
            .. pairing is { IsById: false } ? [new TensorSource(TunedIndicesName, ElementType.I32, [indices.Count], stream =>
                WriteIndices(stream, tunedIndices!))]
                : (TensorSource[])[],
            new TensorSource(IndicesName, ElementType.I32, [indices.Count], stream => WriteIndices(stream, indices)),
            new TensorSource(RowsName, tunedType, shape, writeRows),
            new TensorSource(BaseRowsName, beforeType, shape, stream => before.WriteTo(stream, beforeType)),
        ], metadata, cancellationToken);
    }

    /// <summary>The fingerprint of the base in F32 with some rows replaced, a row at a time.</summary>
    private static string TrainedFingerprint(Tensor tensor, IReadOnlyList<int> indices, ReadOnlySpan<float> rows,
        CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Fingerprint.Begin(ElementType.F32, tensor.Shape);
        int width = (int)tensor.Shape[1], stored = width * tensor.ElementType.ByteSize(), next = 0;
        byte[] buffer = new byte[stored], widened = new byte[width * sizeof(float)];
        for (long row = 0; row < tensor.Shape[0]; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (next < indices.Count && indices[next] == row)
            {
                hash.AppendData(MemoryMarshal.AsBytes(rows.Slice(next++ * width, width)));
                continue;
            }
            RowRounding.Convert(tensor.GetBytes(row * stored, stored, buffer), tensor.ElementType, widened, ElementType.F32);
            hash.AppendData(widened);
        }
        return Fingerprint.Finish(hash);
    }

    private static bool Fits(RowPairing? pairing, Tensor before, Tensor after) => pairing is null ? before.Shape[0] == after.Shape[0]
        : before.Shape[0] == pairing.BaseRows && after.Shape[0] == pairing.TunedRows;

    private static void WriteIndices(Stream stream, IReadOnlyList<int> indices)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (int index in indices)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, index);
            stream.Write(bytes);
        }
    }

    private static void ThrowIfNoMatrix(Tensor tensor, string argument)
    {
        if (!tensor.ElementType.IsReadable() || tensor.Shape is not [> 0, > 0 and <= MaxRowLength])
            throw new ArgumentException($"{Place(tensor)} is {Describe(tensor)}; rows can be taken from {ElementTypes.ReadableNames} "
                + $"[rows,d] with d from 1 to {MaxRowLength}. Name another tensor.", argument);
    }

    private static void CheckIndices(IReadOnlyList<int> indices, Tensor tensor)
    {
        if (indices.Count == 0)
            throw new ArgumentException("a patch needs at least one row, none is given. Select some, or write no patch.", nameof(indices));
        for (int i = 0; i < indices.Count; i++)
        {
            if (indices[i] < 0 || indices[i] >= tensor.Shape[0])
                throw new ArgumentException($"row {indices[i]} at place {i} does not exist: the rows of {Place(tensor)} go from 0 to "
                    + $"{tensor.Shape[0] - 1}. Nothing was written.", nameof(indices));
            if (i > 0 && indices[i] <= indices[i - 1])
                throw new ArgumentException($"row {indices[i]} at place {i} follows {indices[i - 1]}: rows must ascend and none may "
                    + "repeat. Sort them first.", nameof(indices));
        }
    }

    private static string? CheckFingerprint(string? fingerprint) => fingerprint is null || Fingerprint.IsWellFormed(fingerprint)
        ? fingerprint
        : throw new ArgumentException($"{Quote(fingerprint)} is no fingerprint of a tensor. Leave it out to have it computed.",
            nameof(fingerprint));

    private static string Place(Tensor tensor) => $"{tensor.File.Path}, tensor {Quote(tensor.Name)},";
}
