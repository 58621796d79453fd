using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>One tensor in a safetensors file: its facts at once, its bytes as they are asked for.</summary>
/// <remarks>
/// A tensor may start at any byte of its file and be larger than any span, so its bytes come in ranges. Reading is safe from several
/// threads. A span into a mapped file must not outlive the file.
/// </remarks>
public sealed class Tensor
{
    private const int ChunkLength = 1 << 20;

    private readonly IComputedRows? _computed;

    internal Tensor(SafetensorsFile file, TensorEntry entry)
    {
        (File, Name, ElementType) = (file, entry.Name, entry.Type);
        (Shape, ElementCount) = (entry.Shape, entry.Elements);
        (FileOffset, ByteLength) = (file.DataOffset + entry.Start, entry.End - entry.Start);
    }

    /// <summary>A tensor whose bytes lie in no file.</summary>
    internal Tensor(SafetensorsFile file, string name, ElementType type, IReadOnlyList<long> shape, IComputedRows computed)
    {
        (File, Name, ElementType, _computed) = (file, name, type, computed);
        (Shape, ElementCount) = (shape, shape.Aggregate(1L, (product, dimension) => checked(product * dimension)));
        ByteLength = ElementCount * type.ByteSize();
    }

    /// <summary>A tensor in F32 that belongs to no file at all, to be scored and selected from; <see cref="File"/> is null.</summary>
    internal static Tensor InMemory(string name, IReadOnlyList<long> shape, IComputedRows computed) =>
        new(null!, name, ElementType.F32, shape, computed);

    /// <summary>The name, unique in the file.</summary>
    public string Name { get; }

    /// <summary>The element type as the file spells it.</summary>
    public string DtypeName => ElementType.ToName();

    /// <summary>The element type.</summary>
    public ElementType ElementType { get; }

    /// <summary>The dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The product of the dimensions.</summary>
    public long ElementCount { get; }

    /// <summary>The scale that makes numbers of the codes stored here; null where none is stored beside them.</summary>
    internal TensorScale? Scale { get; set; }

    /// <summary>This tensor where its type is native, else its values in F32, computed as they are read: widened, and times its
    /// scale.</summary>
    /// <exception cref="NotSupportedException">The type is not readable.</exception>
    /// <exception cref="CheckpointFormatException">The scale fits no rows or blocks of the tensor.</exception>
    internal Tensor Values => ElementType.IsNative() ? this
        : field ??= new(File, Name, ElementType.F32, Shape, new WidenedRows(this));

    /// <summary>The number of bytes that the tensor takes in its file, or would take.</summary>
    public long ByteLength { get; }

    /// <summary>The file that holds the tensor, or that of the adapter by which it is computed.</summary>
    internal SafetensorsFile File { get; }

    /// <summary>The byte of the file at which the tensor begins; 0 where it is computed.</summary>
    public long FileOffset { get; }

    /// <summary>Whether <see cref="GetBytes"/> gives views into memory without copying.</summary>
    public bool IsMapped => _computed is null && File.Bytes.IsMapped;

    /// <summary>The tensor as rows: the first dimension, and the product of all others.</summary>
    /// <remarks>A vector is one row, a scalar one row of one element. The width of no rows at all is known for matrices only, else
    /// 0.</remarks>
    public (long Rows, long Width) RowShape => RowShapeOf(Shape, ElementCount);

    /// <summary><c>model.embed_tokens.weight BF16 [2000, 512]</c>.</summary>
    public override string ToString() => $"{CheckpointFormatException.Quote(Name)} {DtypeName} [{string.Join(", ", Shape)}]";

    /// <summary>The <see cref="RowShape"/> of any shape, which has so many elements.</summary>
    internal static (long Rows, long Width) RowShapeOf(IReadOnlyList<long> shape, long elements) => shape.Count switch
    {
        0 or 1 => (1, elements),
        _ when shape[0] > 0 => (shape[0], elements / shape[0]),
        2 => (0, shape[1]),
        _ => (0, 0),
    };

    /// <summary>Gives a range of the tensor's bytes.</summary>
    /// <param name="offset">The first byte, counted from the tensor's start.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="buffer">Room for <paramref name="length"/> bytes where the file is not mapped; else it is not used and may be
    /// empty.</param>
    /// <returns>A view into the mapping, or the part of <paramref name="buffer"/> that was read.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    /// <exception cref="CheckpointFormatException">The file became shorter.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<byte> GetBytes(long offset, int length, Span<byte> buffer)
    {
        ThrowIfOutside(offset, length);
        if (_computed is not null) return Compute(_computed, offset, buffer[..length]);
        return File.Bytes.GetBytes(FileOffset + offset, length, buffer);
    }

    /// <summary>Gives one row in the stored element type, for instance <c>float</c> for F32, <c>Half</c> for F16, <c>ushort</c> for
    /// BF16.</summary>
    /// <typeparam name="T">A type of the same size as the stored elements; the bits are not converted.</typeparam>
    /// <param name="row">The row, by <see cref="RowShape"/>.</param>
    /// <returns>
    /// A view into the mapped file, or a copy where the file is not mapped or the row does not lie on a multiple of its type's size.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="NotSupportedException">
    /// The stored elements have another size than <typeparamref name="T"/>, or the row takes more than 2 GiB.
    /// </exception>
    /// <exception cref="CheckpointFormatException">The file became shorter.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<T> GetRow<T>(long row) where T : unmanaged
    {
        if (ElementType.BitSize() != 8 * Unsafe.SizeOf<T>())
            throw new NotSupportedException($"{File.Path}, tensor {CheckpointFormatException.Quote(Name)}: elements of {DtypeName} have "
                + $"{ElementType.BitSize()} bits, {typeof(T).Name} has {8 * Unsafe.SizeOf<T>()}. Ask for a type of the same size.");
        (long rows, long width) = RowShape;
        if (row < 0 || row >= rows)
            throw new ArgumentOutOfRangeException(nameof(row), row,
                $"{File.Path}, tensor {CheckpointFormatException.Quote(Name)}: rows go from 0 to {rows - 1}.");
        long length = width * Unsafe.SizeOf<T>();
        if (length > Array.MaxLength)
            throw new NotSupportedException(
                $"{File.Path}, tensor {CheckpointFormatException.Quote(Name)}: a row takes {length} bytes, a span "
                + $"at most {Array.MaxLength}. Read it in ranges with GetBytes.");

        if (IsMapped && FileOffset % Unsafe.SizeOf<T>() == 0)
            return MemoryMarshal.Cast<byte, T>(GetBytes(row * length, (int)length, []));
        T[] copy = new T[width];
        Span<byte> bytes = MemoryMarshal.AsBytes(copy.AsSpan());
        ReadOnlySpan<byte> read = GetBytes(row * length, (int)length, bytes);
        if (IsMapped) read.CopyTo(bytes);
        return copy;
    }

    /// <summary>Copies all bytes to a stream, a chunk at a time.</summary>
    /// <exception cref="CheckpointFormatException">The file became shorter.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        VisitBytes(destination, static (chunk, stream) => stream.Write(chunk), cancellationToken);
    }

    /// <summary>Passes all bytes by in order, in chunks, and keeps none of them resident.</summary>
    internal void VisitBytes<TState>(TState state, ReadOnlySpanAction<byte, TState> visit, CancellationToken cancellationToken)
    {
        byte[] buffer = IsMapped ? [] : new byte[Math.Min(ByteLength, ChunkLength)];
        for (long offset = 0; offset < ByteLength; offset += ChunkLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = (int)Math.Min(ChunkLength, ByteLength - offset);
            visit(GetBytes(offset, length, buffer), state);
            DontNeed(offset, length);
        }
    }

    /// <summary>Drops a range of the tensor from the resident set, so that memory stays flat; the page cache keeps it.</summary>
    internal void DontNeed(long offset, long length)
    {
        ThrowIfOutside(offset, length);
        if (_computed is null) File.Bytes.DontNeed(FileOffset + offset, length);
    }

    /// <summary>Computes the rows that a range touches, and gives the range alone.</summary>
    private ReadOnlySpan<byte> Compute(IComputedRows computed, long offset, Span<byte> target)
    {
        if (target.IsEmpty) return target;
        long rowLength = RowShape.Width * ElementType.ByteSize(), first = offset / rowLength,
            last = (offset + target.Length - 1) / rowLength;
        int count = (int)(last - first + 1), covered = checked((int)(count * rowLength));
        if (covered == target.Length)
        {
            computed.Compute(first, count, target);
            return target;
        }
        using SpanOwner<byte> rows = SpanOwner<byte>.Allocate(covered);
        computed.Compute(first, count, rows.Span);
        rows.Span.Slice((int)(offset - first * rowLength), target.Length).CopyTo(target);
        return target;
    }

    private void ThrowIfOutside(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > ByteLength - length)
            throw new ArgumentOutOfRangeException(nameof(offset),
                $"{File.Path}, tensor {CheckpointFormatException.Quote(Name)}: bytes {offset} to {offset} + {length} lie outside "
                + $"0 to {ByteLength}.");
    }
}
