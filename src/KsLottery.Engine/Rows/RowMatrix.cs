using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>R rows of d values of one element type, in a checkpoint or in memory.</summary>
/// <remarks>A matrix over a tensor reads its file as rows are asked for; it must not outlive the checkpoint.</remarks>
public sealed class RowMatrix
{
    /// <summary>Mapped pages are given back in stretches of this size: each call interrupts the other processors.</summary>
    internal const int ReleaseBytes = 1 << 24;

    private readonly Tensor? _tensor;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly IReadOnlyList<int>? _chosen;

    private RowMatrix(string name, ElementType type, long rows, long width, Tensor? tensor, ReadOnlyMemory<byte> memory)
    {
        if (width is < 1 or > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(width), width,
                $"{name}: a row must have at least one element. Choose another tensor.");
        (Name, ElementType, RowCount, Width, _tensor, _memory) = (name, type, rows, (int)width, tensor, memory);
        (Stored, StoredType, StoredBytes, Shape) = (tensor, type, memory, tensor?.Shape ?? [rows, width]);
    }

    private RowMatrix(RowMatrix whole, long first, long count, IReadOnlyList<int>? chosen)
        : this(whole.Name, whole.ElementType, count, whole.Width, whole._tensor, whole._memory)
    {
        (Stored, StoredType, StoredBytes, Shape) = (whole.Stored, whole.StoredType, whole.StoredBytes, whole.Shape);
        (FirstRow, _chosen) = (first, chosen);
    }

    /// <summary>What the rows are called in messages: the tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type that the rows are read in: F32, F16 or BF16.</summary>
    public ElementType ElementType { get; }

    /// <summary>The type that they are stored in; where it is not native they are widened to F32, times the scale stored beside
    /// them.</summary>
    public ElementType StoredType { get; private init; }

    /// <summary>The tensor that the rows are stored in; null in memory.</summary>
    private Tensor? Stored { get; init; }

    /// <summary>The bytes that they are stored in, where that is memory.</summary>
    private ReadOnlyMemory<byte> StoredBytes { get; init; }

    /// <summary>Whether the values are codes that no scale has made numbers of.</summary>
    private bool IsCodes => ElementCodec.Of(StoredType).IsCoded && Stored?.Scale is null;

    /// <summary>R.</summary>
    public long RowCount { get; }

    /// <summary>d.</summary>
    public int Width { get; }

    /// <summary>The bytes of one row.</summary>
    public int RowBytes => checked(Width * ElementType.ByteSize());

    /// <summary>Takes a tensor's rows, see <see cref="Tensor.RowShape"/>.</summary>
    /// <exception cref="NotSupportedException">The tensor's type is not readable.</exception>
    /// <exception cref="CheckpointFormatException">The tensor has no values, or a scale that does not fit it.</exception>
    public static RowMatrix FromTensor(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        (long rows, long width) = tensor.RowShape;
        if (width == 0) throw NoEmbedding.EmptyTensor(tensor);
        ThrowIfNotReadable(tensor.Name, tensor.ElementType);
        Tensor values = tensor.Values;
        return new(tensor.Name, values.ElementType, rows, width, values, default) { Stored = tensor, StoredType = tensor.ElementType };
    }

    /// <summary>Takes rows of floats that lie one after another in memory.</summary>
    /// <param name="values">rows·width values; they are copied.</param>
    /// <param name="rows">R.</param>
    /// <param name="width">d.</param>
    /// <exception cref="ArgumentException">The memory is not as long as the shape says.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows are empty.</exception>
    /// <example><code>
    /// RowScanResult found = RowScan.Run(RowMatrix.FromMemory(before, rows, width), RowMatrix.FromMemory(after, rows, width));
    /// Console.WriteLine(found);
    /// </code></example>
    public static RowMatrix FromMemory(ReadOnlyMemory<float> values, long rows, int width) =>
        FromMemory(BytesOf(values.Span), ElementType.F32, rows, width);

    /// <summary>Takes rows of half-precision values.</summary>
    /// <inheritdoc cref="FromMemory(ReadOnlyMemory{float}, long, int)" path="/param"/>
    /// <inheritdoc cref="FromMemory(ReadOnlyMemory{float}, long, int)" path="/exception"/>
    public static RowMatrix FromMemory(ReadOnlyMemory<Half> values, long rows, int width) =>
        FromMemory(BytesOf(values.Span), ElementType.F16, rows, width);

    /// <summary>Takes rows of bfloat16 values by their bits: the upper halves of floats.</summary>
    /// <inheritdoc cref="FromMemory(ReadOnlyMemory{float}, long, int)" path="/param"/>
    /// <inheritdoc cref="FromMemory(ReadOnlyMemory{float}, long, int)" path="/exception"/>
    public static RowMatrix FromBFloat16Bits(ReadOnlyMemory<ushort> values, long rows, int width) =>
        FromMemory(BytesOf(values.Span), ElementType.BF16, rows, width);

    private static byte[] BytesOf<T>(ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    /// <summary>Takes rows that lie one after another in memory.</summary>
    /// <param name="bytes">rows·width elements, little-endian.</param>
    /// <param name="type">A readable type; one that is not native is widened at once.</param>
    /// <param name="rows">R.</param>
    /// <param name="width">d.</param>
    /// <exception cref="ArgumentException">The memory is not as long as the shape says.</exception>
    /// <exception cref="NotSupportedException">The type is not readable.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows are empty.</exception>
    public static RowMatrix FromMemory(ReadOnlyMemory<byte> bytes, ElementType type, long rows, int width)
    {
        ThrowIfNotReadable("memory", type);
        long needed = checked(rows * width * type.ByteSize());
        if (rows < 0 || bytes.Length != needed)
            throw new ArgumentException(
                $"{rows} rows of {width} {type.ToName()} take {needed} bytes, not {bytes.Length}. Pass the whole matrix.", nameof(bytes));
        if (type.IsNative()) return new("memory", type, rows, width, null, bytes);
        byte[] wide = new byte[checked(rows * width * sizeof(float))];
        RowRounding.Convert(bytes.Span, type, wide, ElementType.F32);
        return new("memory", ElementType.F32, rows, width, null, wide) { StoredType = type, StoredBytes = bytes };
    }

    /// <summary>The shape of the whole that the rows are of.</summary>
    internal IReadOnlyList<long> Shape { get; }

    /// <summary>Which row of the whole the first one is.</summary>
    internal long FirstRow { get; }

    /// <summary>Whether these are all rows of the whole, in its order.</summary>
    internal bool IsWhole => _chosen is null && FirstRow == 0 && StoredStartOf(RowCount) == (Stored?.ByteLength ?? StoredBytes.Length);

    /// <summary>Whether rows lie one behind another as they do in the whole, in the type that they are read in.</summary>
    internal bool IsAsStored => _chosen is null && StoredType == ElementType;

    /// <summary>Rows that lie one behind another, without a copy.</summary>
    /// <param name="first">The first of them, from 0.</param>
    /// <param name="count">How many; none is allowed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the matrix.</exception>
    public RowMatrix Slice(long first, long count)
    {
        if (first < 0 || count < 0 || first > RowCount - count)
            throw new ArgumentOutOfRangeException(nameof(first), first,
                $"{Name}: {count} rows from {first} on leave the matrix, whose rows go from 0 to {RowCount - 1}. Take fewer.");
        return _chosen is null ? new(this, FirstRow + first, count, null)
            : new(this, FirstRow, count, [.. _chosen.Skip((int)first).Take((int)count)]);
    }

    /// <summary>Some rows, in the order given, of rows that are not chosen themselves.</summary>
    internal RowMatrix Choose(IReadOnlyList<int> rows) => new(this, FirstRow, rows.Count, rows);

    /// <summary>The hashes of the whole's blocks as it is stored, none of them taken yet.</summary>
    internal FingerprintBlocks NewBlocks() => Stored is { } tensor ? FingerprintBlocks.Of(tensor)
        : new(StoredType, Shape, StoredBytes.Length, (offset, length, _) => StoredBytes.Span.Slice((int)offset, length));

    /// <summary>The fingerprint of the scale beside codes; null where there is none.</summary>
    internal string? FingerprintOfScale(CancellationToken cancellationToken) =>
        Stored?.Scale is { } scale ? Fingerprint.OfTensor(scale.Stored, cancellationToken) : null;

    /// <summary>Where a row begins in the whole as it is stored, in bytes.</summary>
    internal long StoredStartOf(long row) => (FirstRow + row) * Width * StoredType.ByteSize();

    /// <summary>Why values of two matrices cannot be set against each other, without a final full stop; null where they can.</summary>
    /// <remarks>Codes of one type stand against each other as they are. Against anything else they would differ in every row.</remarks>
    internal static string? WhyNotComparable(RowMatrix before, RowMatrix after)
    {
        if (!(before.IsCodes || after.IsCodes) || (before.StoredType == after.StoredType && before.IsCodes == after.IsCodes)) return null;
        return $"{Describe(before)} in the base, {Describe(after)} in the tuned: without its scale a code is no value, and every row would "
            + "differ";
        static string Describe(RowMatrix matrix) => matrix.StoredType.ToName()
            + (matrix.IsCodes ? " without a scale" : matrix.Stored?.Scale is null ? "" : " with a scale");
    }

    /// <exception cref="NotSupportedException">Values of two matrices cannot be set against each other.</exception>
    internal static void ThrowIfNotComparable(RowMatrix before, RowMatrix after)
    {
        if (WhyNotComparable(before, after) is { } reason)
            throw new NotSupportedException($"{before.Name}: {reason}. Put the scale beside the codes, as {before.Name}"
                + $"{TensorScale.Suffix} or {before.Name}{TensorScale.InverseSuffix}, or convert both to one type.");
    }

    /// <summary>Whether rows are read into a buffer instead of being seen where they lie.</summary>
    internal bool NeedsBuffer => _chosen is not null || _tensor is { IsMapped: false };

    /// <summary>Gives the bytes of some rows; the buffer must hold them where <see cref="NeedsBuffer"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<byte> GetRows(long first, int count, Span<byte> buffer)
    {
        if (_chosen is not null) return Gather((int)first, count, buffer);
        int length = checked(count * RowBytes);
        return _tensor is null ? _memory.Span.Slice(checked((int)StartOf(first)), length)
            : _tensor.GetBytes(StartOf(first), length, buffer);
    }

    /// <summary>Copies the bytes of some rows.</summary>
    internal void CopyRows(long first, int count, Span<byte> target)
    {
        ReadOnlySpan<byte> rows = GetRows(first, count, target);
        if (!NeedsBuffer) rows.CopyTo(target);
    }

    /// <summary>Lets the operating system take back the pages of some rows; the page cache keeps them.</summary>
    internal void Release(long first, int count)
    {
        if (_chosen is null) Stored?.DontNeed(StoredStartOf(first), StoredStartOf(count) - StoredStartOf(0));
    }

    /// <summary>Where a row begins in the whole as it is read, in bytes.</summary>
    private long StartOf(long row) => (FirstRow + row) * RowBytes;

    private static void ThrowIfNotReadable(string name, ElementType type)
    {
        if (!type.IsReadable())
            throw new NotSupportedException($"{name}: rows of {type.ToName()} cannot be tested, only those of "
                + $"{ElementTypes.ReadableNames}. Convert the tensor, or choose another one.");
    }

    private ReadOnlySpan<byte> Gather(int first, int count, Span<byte> buffer)
    {
        for (int i = 0; i < count; i++)
        {
            Span<byte> target = buffer.Slice(i * RowBytes, RowBytes);
            long start = StartOf(_chosen![first + i]);
            ReadOnlySpan<byte> row = _tensor is null ? _memory.Span.Slice(checked((int)start), RowBytes)
                : _tensor.GetBytes(start, RowBytes, target);
            row.CopyTo(target);
        }
        return buffer[..(count * RowBytes)];
    }
}
