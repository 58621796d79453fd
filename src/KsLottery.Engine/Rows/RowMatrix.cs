using System.Runtime.CompilerServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>R rows of d values of one element type, in a checkpoint or in memory.</summary>
/// <remarks>A matrix over a tensor reads its file as rows are asked for; it must not outlive the checkpoint.</remarks>
public sealed class RowMatrix
{
    /// <summary>Mapped pages are given back in stretches of this size: each call interrupts the other processors.</summary>
    internal const int ReleaseBytes = 1 << 26;

    private readonly Tensor? _tensor;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly IReadOnlyList<int>? _chosen;

    private RowMatrix(string name, ElementType type, long rows, long width, Tensor? tensor, ReadOnlyMemory<byte> memory,
        IReadOnlyList<int>? chosen = null)
    {
        if (!type.IsComputable())
            throw new NotSupportedException(
                $"{name}: rows of {type.ToName()} cannot be tested; F32, F16 and BF16 can. Convert the tensor, or choose another one.");
        if (width is < 1 or > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(width), width,
                $"{name}: a row must have at least one element. Choose another tensor.");
        (Name, ElementType, RowCount, Width, _tensor, _memory, _chosen) = (name, type, rows, (int)width, tensor, memory, chosen);
    }

    /// <summary>What the rows are called in messages: the tensor's name.</summary>
    public string Name { get; }

    /// <summary>F32, F16 or BF16.</summary>
    public ElementType ElementType { get; }

    /// <summary>R.</summary>
    public long RowCount { get; }

    /// <summary>d.</summary>
    public int Width { get; }

    /// <summary>The bytes of one row.</summary>
    public int RowBytes => checked(Width * ElementType.ByteSize());

    /// <summary>Takes a tensor's rows, see <see cref="Tensor.RowShape"/>.</summary>
    /// <exception cref="NotSupportedException">The tensor is not of F32, F16 or BF16.</exception>
    /// <exception cref="CheckpointFormatException">The tensor has no values.</exception>
    public static RowMatrix FromTensor(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        (long rows, long width) = tensor.RowShape;
        if (width == 0) throw NoEmbedding.EmptyTensor(tensor);
        return new(tensor.Name, tensor.ElementType, rows, width, tensor, default);
    }

    /// <summary>Takes rows that lie one after another in memory.</summary>
    /// <param name="bytes">rows·width elements, little-endian.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="rows">R.</param>
    /// <param name="width">d.</param>
    /// <exception cref="ArgumentException">The memory is not as long as the shape says.</exception>
    /// <exception cref="NotSupportedException">The type is none of the three.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows are empty.</exception>
    public static RowMatrix FromMemory(ReadOnlyMemory<byte> bytes, ElementType type, long rows, int width)
    {
        RowMatrix matrix = new("memory", type, rows, width, null, bytes);
        long needed = checked(rows * matrix.RowBytes);
        if (rows < 0 || bytes.Length != needed)
            throw new ArgumentException(
                $"{rows} rows of {width} {type.ToName()} take {needed} bytes, not {bytes.Length}. Pass the whole matrix.", nameof(bytes));
        return matrix;
    }

    /// <summary>The first rows of a whole matrix.</summary>
    internal RowMatrix Take(long count) => new(Name, ElementType, count, Width, _tensor, _memory);

    /// <summary>Some rows of a whole matrix, in the order given.</summary>
    internal RowMatrix Choose(IReadOnlyList<int> rows) => new(Name, ElementType, rows.Count, Width, _tensor, _memory, rows);

    /// <summary>Whether rows are read into a buffer instead of being seen where they lie.</summary>
    internal bool NeedsBuffer => _chosen is not null || _tensor is { IsMapped: false };

    /// <summary>Gives the bytes of some rows; the buffer must hold them where <see cref="NeedsBuffer"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<byte> GetRows(long first, int count, Span<byte> buffer)
    {
        if (_chosen is not null) return Gather((int)first, count, buffer);
        int length = checked(count * RowBytes);
        return _tensor is null ? _memory.Span.Slice(checked((int)(first * RowBytes)), length)
            : _tensor.GetBytes(first * RowBytes, length, buffer);
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
        if (_chosen is null) _tensor?.DontNeed(first * RowBytes, (long)count * RowBytes);
    }

    private ReadOnlySpan<byte> Gather(int first, int count, Span<byte> buffer)
    {
        for (int i = 0; i < count; i++)
        {
            Span<byte> target = buffer.Slice(i * RowBytes, RowBytes);
            long start = (long)_chosen![first + i] * RowBytes;
            ReadOnlySpan<byte> row = _tensor is null ? _memory.Span.Slice(checked((int)start), RowBytes)
                : _tensor.GetBytes(start, RowBytes, target);
            row.CopyTo(target);
        }
        return buffer[..(count * RowBytes)];
    }
}
