using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Elements of a tensor as F32.</summary>
internal static class ElementValues
{
    /// <summary>Reads some elements of a tensor.</summary>
    /// <param name="tensor">Of F32, F16 or BF16.</param>
    /// <param name="first">The first element.</param>
    /// <param name="buffer">As long as there are elements to read.</param>
    /// <returns>The elements, where they lie or in the buffer.</returns>
    /// <exception cref="NotSupportedException">The tensor is of another type.</exception>
    public static ReadOnlySpan<float> Read(Tensor tensor, long first, Span<float> buffer)
    {
        int size = tensor.ElementType.ByteSize();
        using SpanOwner<byte> owner = SpanOwner<byte>.Allocate(tensor.IsMapped ? 0 : buffer.Length * size);
        ReadOnlySpan<byte> bytes = tensor.GetBytes(first * size, buffer.Length * size, owner.Span);
        if (tensor is { ElementType: ElementType.F32, IsMapped: true }) return MemoryMarshal.Cast<byte, float>(bytes);
        Widen(bytes, tensor.ElementType, buffer);
        return buffer;
    }

    /// <summary>Widens stored elements.</summary>
    /// <exception cref="NotSupportedException">The type is none that is computed with.</exception>
    public static void Widen(ReadOnlySpan<byte> bytes, ElementType type, Span<float> values)
    {
        switch (type)
        {
            case ElementType.F32:
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case ElementType.F16 or ElementType.BF16:
                HalfPrecision.Widen(MemoryMarshal.Cast<byte, ushort>(bytes), type, values);
                break;
            default:
                throw type.NotComputable();
        }
    }
}
