using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Memory that the processor reads where it lies.</summary>
internal abstract class CpuMemory(long length, ElementType elementType) : DeviceMemory(length, elementType)
{
    /// <summary>The stored bytes of a range of elements; a range may start at any byte of a file.</summary>
    public abstract ReadOnlySpan<byte> GetBytes(long start, int length);

    /// <summary>The elements of a range whose type is F32.</summary>
    public ReadOnlySpan<float> GetFloats(long start, int length) => ElementType == ElementType.F32
        ? MemoryMarshal.Cast<byte, float>(GetBytes(start, length))
        : throw new InvalidOperationException($"this memory holds {ElementType.ToName()}, not F32.");

    /// <summary>Copies a range of any stored type as F32.</summary>
    public void Widen(long start, Span<float> destination) =>
        ElementCodec.Of(ElementType).Widen(GetBytes(start, destination.Length), destination);
}
