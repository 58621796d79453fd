namespace KsLottery.Engine.Operations;

/// <summary>A range of elements in a device's memory; the default value is no memory at all.</summary>
public readonly record struct DeviceSpan
{
    /// <param name="memory">The memory.</param>
    /// <param name="start">The first element.</param>
    /// <param name="length">The number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the memory.</exception>
    public DeviceSpan(DeviceMemory memory, long start, long length)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (start < 0 || length < 0 || start > memory.Length - length)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"elements {start} to {start} + {length} lie outside 0 to {memory.Length}.");
        (Memory, Start, Length) = (memory, start, length);
    }

    /// <summary>The memory, null for the default value.</summary>
    public DeviceMemory? Memory { get; }

    /// <summary>The first element.</summary>
    public long Start { get; }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>A part of the range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the range.</exception>
    public DeviceSpan Slice(long start, long length)
    {
        if (start < 0 || length < 0 || start > Length - length)
            throw new ArgumentOutOfRangeException(nameof(start), $"elements {start} to {start} + {length} lie outside 0 to {Length}.");
        return length == 0 ? default : new(Memory!, Start + start, length);
    }

    /// <summary>All of a memory.</summary>
    public static implicit operator DeviceSpan(DeviceMemory memory) => memory is null ? default : memory.Span;
}
