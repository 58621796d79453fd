using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The values of a tensor in F32: widened by its <see cref="ElementCodec"/>, and times the scale stored beside it.</summary>
internal sealed class WidenedRows : IComputedRows
{
    private readonly Tensor _stored;
    private readonly ElementCodec _codec;

    /// <param name="stored">A tensor of a readable type.</param>
    /// <exception cref="NotSupportedException">The type is not readable.</exception>
    /// <exception cref="CheckpointFormatException">The scale fits no rows or blocks of the tensor.</exception>
    public WidenedRows(Tensor stored)
    {
        (_stored, _codec) = (stored, ElementCodec.Of(stored.ElementType));
        stored.Scale?.ThrowIfUnfit();
    }

    /// <inheritdoc/>
    public void Compute(long first, int count, Span<byte> target)
    {
        int width = (int)_stored.RowShape.Width, length = count * width * _stored.ElementType.ByteSize();
        using SpanOwner<byte> buffer = SpanOwner<byte>.Allocate(_stored.IsMapped ? 0 : length);
        Span<float> values = MemoryMarshal.Cast<byte, float>(target);
        _codec.Widen(_stored.GetBytes(first * width * _stored.ElementType.ByteSize(), length, buffer.Span), values);
        if (_stored.Scale is not { } scale) return;
        for (int i = 0; i < count; i++) scale.Multiply(first + i, values.Slice(i * width, width));
    }
}
