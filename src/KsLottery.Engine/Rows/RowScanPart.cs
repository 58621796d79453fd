using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>What a scan found of some rows: a part, of which <see cref="RowScanResult.Of"/> joins all to the whole.</summary>
/// <remarks>
/// States are not final: which rows were nearly zero is decided by the median norm of all rows, when parts are joined. What a part holds of
/// a row does not depend on how the rows were divided, nor on threads, kernel or device.
/// </remarks>
public sealed class RowScanPart
{
    internal RowScanPart(RowMatrix before, RowMatrix after)
    {
        (BaseName, BaseType, BaseShape, BaseRows) = (before.Name, before.StoredType, before.Shape, before.RowCount);
        (TunedName, TunedType, TunedShape, TunedRows) = (after.Name, after.StoredType, after.Shape, after.RowCount);
        Width = before.Width;
    }

    internal RowScanPart()
    {
    }

    /// <summary>Reads the file of a part.</summary>
    /// <param name="path">What <see cref="Write"/> wrote.</param>
    /// <param name="options">How to read it, and whether a wrong checksum is ignored.</param>
    /// <exception cref="CheckpointFormatException">The file is no safetensors file, or cut short, or its checksum is wrong.</exception>
    /// <exception cref="InvalidDataException">The file is no part of a scan, or a value in it is out of range; says which.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static RowScanPart Read(string path, CheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using SafetensorsFile file = SafetensorsFile.Open(path, options);
        return new RowScanPartReader(file, options is { IgnoresChecksum: true }).Read();
    }

    /// <summary>Writes the part as a safetensors file of 42 bytes a row; the file appears whole or not at all.</summary>
    /// <param name="path">The target, in a folder that exists; replaced where it exists.</param>
    /// <param name="cancellationToken">Stops before the file gets its name.</param>
    /// <exception cref="IOException">The target is open as an input, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled; nothing was written.</exception>
    public void Write(string path, CancellationToken cancellationToken = default) => RowScanPartFile.Write(path, this, cancellationToken);

    /// <summary>The base tensor's name.</summary>
    public string BaseName { get; internal init; } = "";

    /// <summary>The tuned tensor's name.</summary>
    public string TunedName { get; internal init; } = "";

    /// <summary>The base's element type.</summary>
    public ElementType BaseType { get; internal init; }

    /// <summary>The tuned tensor's element type.</summary>
    public ElementType TunedType { get; internal init; }

    /// <summary>The fingerprint of the scale that makes values of the base's codes (F8, I8, U8); null where there is none.</summary>
    public string? BaseScaleFingerprint { get; internal init; }

    /// <summary>The fingerprint of the scale of the tuned tensor's codes; null where there is none.</summary>
    public string? TunedScaleFingerprint { get; internal init; }

    /// <summary>The base tensor's dimensions.</summary>
    public IReadOnlyList<long> BaseShape { get; internal init; } = [];

    /// <summary>The tuned tensor's dimensions.</summary>
    public IReadOnlyList<long> TunedShape { get; internal init; } = [];

    /// <summary>R, all rows of the base.</summary>
    public long BaseRows { get; internal init; }

    /// <summary>All rows of the tuned tensor.</summary>
    public long TunedRows { get; internal init; }

    /// <summary>d.</summary>
    public int Width { get; internal init; }

    /// <summary>Which rows of the base these are.</summary>
    public RowRange Range { get; internal init; }

    /// <summary>One result a row of <see cref="Range"/>, without a mark on those that were nearly zero.</summary>
    public IReadOnlyList<RowResult> Rows => Results;

    /// <summary>The kernel that ran.</summary>
    public string Kernel { get; internal init; } = "";

    /// <summary>How many threads ran it.</summary>
    public int Threads { get; internal init; }

    /// <summary>How long the scan of the part took.</summary>
    public TimeSpan Elapsed { get; internal init; }

    /// <summary>How long a device compiled its kernels before the scan, which is no part of <see cref="Elapsed"/>.</summary>
    internal TimeSpan BuildTime { get; init; }

    /// <summary>The version of the library that scanned.</summary>
    public string Version { get; internal init; } = LibraryVersion.Current;

    /// <summary>The file that the part was read from; null for one that was just scanned.</summary>
    public string? Path { get; internal init; }

    /// <summary>What a reader should know of the file, a sentence each: that it has no checksum, or a wrong one.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    internal RowResult[] Results { get; init; } = [];

    /// <summary>For each row of the range its tuned row or -1; null where rows of one number were paired.</summary>
    internal int[]? TunedOf { get; init; }

    /// <summary>The norms of the added rows among <see cref="TunedRange"/>.</summary>
    internal double[] AddedNorms { get; init; } = [];

    /// <summary>The hashes of the blocks that begin in the rows; null where none were taken.</summary>
    internal byte[]? BaseHashes { get; init; }

    /// <summary>Those of the tuned matrix that begin in <see cref="TunedRange"/>.</summary>
    internal byte[]? TunedHashes { get; init; }

    /// <summary>The tuned rows that the part answers for: as large a share as <see cref="Range"/> is of the base.</summary>
    internal RowRange TunedRange => RowPairing.ById(BaseRows, TunedRows).TunedRangeOf(Range);

    /// <summary>The rank that scanned the part; null where none did.</summary>
    internal string? Holder { get; init; }

    /// <summary>The rank, the file, or which rows it is about, for messages.</summary>
    internal string Place => Holder ?? Path ?? $"the part of {Range}";

    /// <summary>Where the blocks of <see cref="BaseHashes"/> begin.</summary>
    internal (long Base, long Tuned) FirstBytes => (Range.First * RowBytes(BaseType), TunedRange.First * RowBytes(TunedType));

    internal (long Base, long Tuned) EndBytes => (Range.End * RowBytes(BaseType), TunedRange.End * RowBytes(TunedType));

    private long RowBytes(ElementType type) => (long)Width * type.ByteSize();
}
