using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>The rows of a tensor as an adapter makes them, in the base's type: another tensor's, with something added or some
/// replaced.</summary>
/// <remarks>Sums are F32 and rounded once, to nearest, ties to even, as PEFT's <c>merge_and_unload</c> rounds them.</remarks>
internal sealed class AdaptedRows(Tensor source, ElementType type) : IComputedRows
{
    /// <summary>What is added; null for nothing.</summary>
    public LowRankAddition? Addition { get; init; }

    /// <summary>Where the row that takes a row's place stands in <see cref="Rows"/>.</summary>
    public IReadOnlyDictionary<long, int>? Places { get; init; }

    /// <summary>Rows that take the place of others.</summary>
    public Tensor? Rows { get; init; }

    /// <inheritdoc/>
    public void Compute(long first, int count, Span<byte> target)
    {
        int width = (int)source.RowShape.Width, length = width * type.ByteSize(), given = width * source.ElementType.ByteSize();
        using SpanOwner<byte> buffer = SpanOwner<byte>.Allocate(source.IsMapped ? 0 : count * given);
        ReadOnlySpan<byte> rows = source.GetBytes(first * given, count * given, buffer.Span);
        if (Addition is null) RowRounding.Convert(rows, source.ElementType, target, type);
        else Add(first, count, rows, given, target, width, length);
        if (Places is not null) Replace(Places, Rows!, first, count, target, length);
    }

    private void Add(long first, int count, ReadOnlySpan<byte> rows, int given, Span<byte> target, int width, int length)
    {
        using SpanOwner<float> values = SpanOwner<float>.Allocate(width), scratch = SpanOwner<float>.Allocate(width);
        Span<byte> bytes = MemoryMarshal.AsBytes(values.Span);
        for (int i = 0; i < count; i++)
        {
            RowRounding.Convert(rows.Slice(i * given, given), source.ElementType, bytes, ElementType.F32);
            Addition!.AddTo(first + i, values.Span, scratch.Span);
            RowRounding.Convert(bytes, ElementType.F32, target.Slice(i * length, length), type);
        }
    }

    private void Replace(IReadOnlyDictionary<long, int> places, Tensor others, long first, int count, Span<byte> target, int length)
    {
        int given = (int)others.Shape[1] * others.ElementType.ByteSize();
        using SpanOwner<byte> buffer = SpanOwner<byte>.Allocate(given);
        for (int i = 0; i < count; i++)
            if (places.TryGetValue(first + i, out int place))
                RowRounding.Convert(others.GetBytes((long)place * given, given, buffer.Span), others.ElementType,
                    target.Slice(i * length, length), type);
    }
}
