using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Ranges of a device's memory as spans that the processor reads and writes.</summary>
internal static class CpuSpans
{
    /// <summary>The F32 elements of a part of a range, to read.</summary>
    public static ReadOnlySpan<float> Read(this DeviceSpan span, long start, long length) =>
        length == 0 ? default : Stored(span).GetFloats(span.Start + start, checked((int)length));

    /// <summary>All of a range, to read.</summary>
    public static ReadOnlySpan<float> Read(this DeviceSpan span) => span.Read(0, span.Length);

    /// <summary>A part of a range, to write.</summary>
    /// <exception cref="ArgumentException">It is a weight's mapped file, or another device's.</exception>
    public static Span<float> Write(this DeviceSpan span, long start, long length)
    {
        if (length == 0) return default;
        return span.Memory is OwnedMemory memory
            ? memory.Floats(span.Start + start, checked((int)length))
            : throw new ArgumentException("the range cannot be written to: only memory that this device allocated can.", nameof(span));
    }

    /// <summary>All of a range, to write.</summary>
    public static Span<float> Write(this DeviceSpan span) => span.Write(0, span.Length);

    /// <summary>A part of a range of any stored type as F32: where it lies if it is F32, else in the room given.</summary>
    public static ReadOnlySpan<float> Widen(this DeviceSpan span, long start, Span<float> buffer)
    {
        if (buffer.IsEmpty) return default;
        CpuMemory memory = Stored(span);
        if (memory.ElementType == ElementType.F32) return memory.GetFloats(span.Start + start, buffer.Length);
        memory.Widen(span.Start + start, buffer);
        return buffer;
    }

    /// <summary>Whether the elements need no conversion.</summary>
    public static bool IsF32(this DeviceSpan span) => span.Memory?.ElementType is null or ElementType.F32;

    private static CpuMemory Stored(DeviceSpan span) => span.Memory as CpuMemory
        ?? throw new ArgumentException("the range lies in another device's memory; copy it through the host with Download and Upload.",
            nameof(span));
}
