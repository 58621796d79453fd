using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>A row-major matrix that a product reads block by block: floats, or memory of any stored type and any size.</summary>
internal readonly ref struct PanelSource
{
    private readonly ReadOnlySpan<float> _floats;
    private readonly CpuMemory? _memory;
    private readonly long _start;

    /// <param name="floats">The matrix.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    public PanelSource(ReadOnlySpan<float> floats, int stride)
    {
        _floats = floats;
        Stride = stride;
    }

    /// <param name="memory">The memory.</param>
    /// <param name="start">The matrix' first element.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    public PanelSource(CpuMemory memory, long start, int stride) => (_memory, _start, Stride) = (memory, start, stride);

    /// <summary>Elements from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>How many floats <see cref="GetBlock"/> needs in order to widen a block.</summary>
    public int ScratchLength(int rows, int columns) => _memory is null or { ElementType: ElementType.F32 } ? 0 : rows * columns;

    /// <summary>A block as F32: where it lies if that is its type, or else widened, row by row, into the scratch.</summary>
    /// <param name="row">The first row.</param>
    /// <param name="column">The first column.</param>
    /// <param name="rows">The number of rows, at least 1.</param>
    /// <param name="columns">The number of columns, at least 1.</param>
    /// <param name="scratch">Room to widen into.</param>
    /// <param name="stride">Elements from one row of the block to the next.</param>
    public ref readonly float GetBlock(int row, int column, int rows, int columns, Span<float> scratch, out int stride)
    {
        long first = ((long)row * Stride) + column;
        int length = checked(((rows - 1) * Stride) + columns);
        stride = Stride;
        if (_memory is null) return ref MemoryMarshal.GetReference(_floats.Slice(checked((int)first), length));
        if (_memory is OwnedMemory owned) return ref MemoryMarshal.GetReference(owned.Floats(_start + first, length));
        if (_memory.ElementType == ElementType.F32) return ref MemoryMarshal.GetReference(_memory.GetFloats(_start + first, length));
        for (int i = 0; i < rows; i++) _memory.Widen(_start + first + ((long)i * Stride), scratch.Slice(i * columns, columns));
        stride = columns;
        return ref MemoryMarshal.GetReference(scratch);
    }
}
