using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Operations;

/// <summary>Attention of single rows over long caches, which is as fast as keys and values arrive from memory: each is read once for all
/// its query heads.</summary>
internal static class CachedAttention
{
    /// <summary>Keys whose values stay in the nearest cache while all lanes of a head pass over them.</summary>
    private const int Block = 64;

    /// <summary>Shared out by rows and key heads; see <see cref="ReferenceAttention.Cached"/>.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths)
    {
        if (slots.Length == 0) return;
        long keys = 0;
        foreach (int length in lengths.Span) keys += length;
        pool.Share((long)slots.Length * shape.KeyHeads, 2 * shape.QueryWidth / shape.KeyHeads * keys / slots.Length, (from, to) =>
        {
            for (long item = from; item < to; item++)
            {
                int n = (int)(item / shape.KeyHeads), g = (int)(item % shape.KeyHeads), group = shape.QueryWidth / shape.KeyHeads;
                long first = ((long)slots.Span[n] * capacity * shape.KeyWidth) + (g * shape.HeadWidth),
                    at = ((long)n * shape.QueryWidth) + (g * group);
                int length = lengths.Span[n], extent = ((length - 1) * shape.KeyWidth) + shape.HeadWidth;
                Attend(output.Write(at, group), query.Read(at, group), keyCache.Read(first, extent), valueCache.Read(first, extent),
                    length, shape);
            }
        });
    }

    /// <summary>The query heads of one key head, lying one behind the other.</summary>
    private static void Attend(Span<float> output, ReadOnlySpan<float> query, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        int length, AttentionShape shape)
    {
        int width = shape.HeadWidth, heads = query.Length / width, stride = Lanes.RoundUp(length);
        using SpanOwner<float> owner = SpanOwner<float>.Allocate(heads * stride);
        Span<float> buffer = owner.Span;
        for (int j = 0; j < length; j++)
            for (int h = 0; h < heads; h++)
                buffer[(h * stride) + j] = Lanes.Dot(query.Slice(h * width, width), keys.Slice(j * shape.KeyWidth, width));
        for (int h = 0; h < heads; h++)
        {
            Span<float> scores = buffer.Slice(h * stride, stride);
            scores[length..].Fill(float.NegativeInfinity);
            Attention.Softmax(scores, (float)shape.Scale);
        }
        output.Clear();
        for (int j = 0; j < length; j += Block)
            for (int h = 0; h < heads; h++)
                AddWeighted(output.Slice(h * width, width), buffer.Slice((h * stride) + j, Math.Min(Block, length - j)),
                    values[(j * shape.KeyWidth)..], shape.KeyWidth);
    }

    /// <summary>output += Σ weights[j] · values[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(Span<float> output, ReadOnlySpan<float> weights, ReadOnlySpan<float> values, int stride)
    {
        for (int d = 0; d < output.Length; d += Lanes.Count)
        {
            Vector256<float> sum = Lanes.Load(output, d);
            for (int j = 0; j < weights.Length; j++)
                sum = Lanes.MultiplyAdd(Vector256.Create(weights[j]), Lanes.Load(values.Slice(j * stride, output.Length), d), sum);
            sum.Store(output, d);
        }
    }
}
