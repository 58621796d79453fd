using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Elements of a tensor as F32.</summary>
internal static class ElementValues
{
    /// <summary>Reads some elements of a tensor.</summary>
    /// <param name="tensor">Of a native type, as <see cref="Tensor.Values"/> are.</param>
    /// <param name="first">The first element.</param>
    /// <param name="buffer">As long as there are elements to read.</param>
    /// <returns>The elements, where they lie or in the buffer.</returns>
    public static ReadOnlySpan<float> Read(Tensor tensor, long first, Span<float> buffer)
    {
        int size = tensor.ElementType.ByteSize();
        using SpanOwner<byte> owner = SpanOwner<byte>.Allocate(tensor.IsMapped ? 0 : buffer.Length * size);
        ReadOnlySpan<byte> bytes = tensor.GetBytes(first * size, buffer.Length * size, owner.Span);
        if (tensor is { ElementType: ElementType.F32, IsMapped: true }) return MemoryMarshal.Cast<byte, float>(bytes);
        ElementCodec.Of(tensor.ElementType).Widen(bytes, buffer);
        return buffer;
    }
}
