using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>The file of a part of a scan: a safetensors file of 42 bytes a row and 32 a block of 1 MiB, see docs/parts.md.</summary>
internal static class RowScanPartFile
{
    public const string Format = "kslottery.scan_part", FormatVersion = "2";
    public const string ById = "id", ByText = "text", BaseScale = "base_scale_fingerprint", TunedScale = "tuned_scale_fingerprint";

    public static readonly RowColumn[] Columns =
    [
        RowColumn.Of("h", ElementType.I32, row => row.Count),
        RowColumn.Of("sign", ElementType.I8, row => row.Sign),
        RowColumn.Of("state", ElementType.U8, row => (byte)row.State),
        RowColumn.Of("location", ElementType.F32, row => row.Location),
        RowColumn.Of("base_norm", ElementType.F64, row => row.BaseNorm),
        RowColumn.Of("tuned_norm", ElementType.F64, row => row.TunedNorm),
        RowColumn.Of("l2_delta", ElementType.F64, row => row.L2Delta),
        RowColumn.Of("cosine", ElementType.F64, row => row.Cosine),
    ];

    /// <summary>Looks before any work whether a part can be written to a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether an earlier part may be replaced.</param>
    /// <exception cref="IOException">Something else stands there, or the folder does not exist.</exception>
    public static void ThrowIfTaken(string path, bool replace)
    {
        AtomicFile.ThrowIfNoTarget(path);
        if (!File.Exists(path)) return;
        if (!replace) throw new IOException($"{path}: an earlier result stands there. {Remedy.Replace}, or name another file.");
        if (!IsPart(path))
            throw new IOException($"{path}: another file stands there, which is no part of a scan. Name another file.");
    }

    /// <summary>Writes a part whole or not at all.</summary>
    public static void Write(string path, RowScanPart part, CancellationToken cancellationToken)
    {
        if (part.BaseHashes is null || part.TunedHashes is null)
            throw new ArgumentException("the part holds no hashes of its blocks. Scan it with RowScan.RunPart.", nameof(part));
        Dictionary<string, string> metadata = new()
        {
            ["format"] = Format,
            ["format_version"] = FormatVersion,
            ["version"] = part.Version,
            ["base_tensor"] = part.BaseName,
            ["tuned_tensor"] = part.TunedName,
            ["base_dtype"] = part.BaseType.ToName(),
            ["tuned_dtype"] = part.TunedType.ToName(),
            ["base_shape"] = Shape(part.BaseShape),
            ["tuned_shape"] = Shape(part.TunedShape),
            ["width"] = Number(part.Width),
            ["first_row"] = Number(part.Range.First),
            ["pairs"] = part.TunedOf is null ? ById : ByText,
            ["block_bytes"] = Number(FingerprintBlocks.BlockLength),
            ["kernel"] = part.Kernel,
            ["threads"] = Number(part.Threads),
            ["seconds"] = part.Elapsed.TotalSeconds.ToString("R", CultureInfo.InvariantCulture),
        };
        if (part.BaseScaleFingerprint is { } scale) metadata[BaseScale] = scale;
        if (part.TunedScaleFingerprint is { } other) metadata[TunedScale] = other;
        List<TensorSource> tensors =
        [
            .. Columns.Select(column => new TensorSource(column.Name, column.Type, [part.Range.Count],
                stream => column.Write(stream, part.Results))),
            TensorSource.FromBytes("added_norms", ElementType.F64, [part.AddedNorms.Length],
                MemoryMarshal.AsBytes<double>(part.AddedNorms).ToArray()),
            Hashes("base_blocks", part.BaseHashes),
            Hashes("tuned_blocks", part.TunedHashes),
        ];
        if (part.TunedOf is { } tunedOf)
            tensors.Add(TensorSource.FromBytes("tuned_rows", ElementType.I32, [tunedOf.Length],
                MemoryMarshal.AsBytes<int>(tunedOf).ToArray()));
        metadata[ContentChecksum.Key] = ContentChecksum.Of(metadata, tensors, cancellationToken);
        SafetensorsWriter.Write(path, tensors, metadata, cancellationToken);
    }

    private static bool IsPart(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return file.Metadata.GetValueOrDefault("format") == Format;
        }
        catch (CheckpointFormatException)
        {
            return false;
        }
    }

    private static TensorSource Hashes(string name, byte[] hashes) =>
        TensorSource.FromBytes(name, ElementType.U8, [hashes.Length / FingerprintBlocks.HashLength, FingerprintBlocks.HashLength], hashes);

    private static string Shape(IReadOnlyList<long> shape) =>
        string.Create(CultureInfo.InvariantCulture, $"[{string.Join(',', shape)}]");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
