using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>A tensor between two of one shape, (1 - a)·first + a·second, computed as it is read.</summary>
internal sealed class InterpolatedElements(Tensor first, Tensor second, double share) : IComputedRows
{
    private readonly Tensor _first = first.Values, _second = second.Values;

    /// <summary>The tensor, F32, whose file is the first's.</summary>
    public Tensor ToTensor() => new(first.File, first.Name, ElementType.F32, first.Shape, this);

    /// <inheritdoc/>
    public void Compute(long first, int count, Span<byte> target)
    {
        Span<float> values = MemoryMarshal.Cast<byte, float>(target);
        long start = first * (values.Length / count);
        using SpanOwner<float> own = SpanOwner<float>.Allocate(values.Length), other = SpanOwner<float>.Allocate(values.Length);
        ReadOnlySpan<float> a = ElementValues.Read(_first, start, own.Span), b = ElementValues.Read(_second, start, other.Span);
        for (int i = 0; i < values.Length; i++) values[i] = (float)(((1 - share) * a[i]) + (share * b[i]));
    }
}
