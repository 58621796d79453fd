using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Operations;

/// <summary>Causal attention within packed sequences, a tile of queries at a time; see <see cref="ReferenceAttention"/> for the
/// definition.</summary>
internal static class Attention
{
    /// <summary>Query rows of a tile: their scores over all keys are all that is kept at a time.</summary>
    private const int TileRows = 64;

    /// <summary>Shared out by tiles and query heads.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Tile[] tiles = Tiles(starts.Span);
        if (tiles.Length == 0) return;
        long work = 2L * shape.HeadWidth * tiles.Sum(t => (long)t.Rows * t.Keys) / tiles.Length;
        pool.Share((long)tiles.Length * shape.Heads, work, (from, to) =>
        {
            for (long item = from; item < to; item++)
                ForwardTile(output, logSumExp, query, key, value, shape, tiles[item / shape.Heads], (int)(item % shape.Heads));
        });
    }

    /// <summary>Shared out by sequences and key heads, since a key head's gradient gathers from all its queries in a fixed order.</summary>
    public static void Backward(WorkerPool pool, DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient,
        DeviceSpan outputGradient, DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        int sequences = starts.Length - 1, group = shape.Heads / shape.KeyHeads;
        if (sequences == 0) return;
        long work = 5L * shape.HeadWidth * group * Tiles(starts.Span).Sum(t => (long)t.Rows * t.Keys) / sequences;
        pool.Share((long)sequences * shape.KeyHeads, work, (from, to) =>
        {
            for (long item = from; item < to; item++)
            {
                int s = (int)(item / shape.KeyHeads), g = (int)(item % shape.KeyHeads), first = starts.Span[s], end = starts.Span[s + 1];
                for (int row = first; row < end; row++)
                {
                    keyGradient.Write(((long)row * shape.KeyWidth) + (g * shape.HeadWidth), shape.HeadWidth).Clear();
                    valueGradient.Write(((long)row * shape.KeyWidth) + (g * shape.HeadWidth), shape.HeadWidth).Clear();
                }
                for (int h = g * group; h < (g + 1) * group; h++)
                    foreach (Tile tile in Tiles([first, end]))
                        BackwardTile(queryGradient, keyGradient, valueGradient, outputGradient, output, logSumExp, query, key, value,
                            shape, tile, h);
            }
        });
    }

    private static void ForwardTile(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, Tile tile, int head)
    {
        HeadSpans at = new(shape, tile, head);
        int stride = tile.Stride;
        using SpanOwner<float> owner = SpanOwner<float>.Allocate(tile.Rows * stride);
        Span<float> buffer = owner.Span;
        Gemm.Multiply(tile.Rows, tile.Keys, shape.HeadWidth, at.Queries(query), shape.QueryWidth, false, at.Keys(key), shape.KeyWidth,
            true, buffer, stride, false);
        for (int i = 0; i < tile.Rows; i++)
        {
            Span<float> scores = MaskedRow(buffer, i, tile);
            logSumExp.Write(((long)(tile.Row + i) * shape.Heads) + head, 1)[0] = Softmax(scores, (float)shape.Scale);
        }
        Gemm.Multiply(tile.Rows, shape.HeadWidth, tile.Keys, buffer, stride, false, at.Keys(value), shape.KeyWidth, false,
            output.Write(at.Query, at.QueryLength), shape.QueryWidth, false);
    }

    private static void BackwardTile(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value, AttentionShape shape, Tile tile,
            int head)
    {
        HeadSpans at = new(shape, tile, head);
        int scoreCount = tile.Rows * tile.Stride, scoreStride = tile.Stride, width = shape.HeadWidth, stride = shape.QueryWidth,
            keyStride = shape.KeyWidth;
        using SpanOwner<float> owner = SpanOwner<float>.Allocate(2 * scoreCount);
        Span<float> p = owner.Span[..scoreCount], ds = owner.Span[scoreCount..];
        ReadOnlySpan<float> q = at.Queries(query), k = at.Keys(key), v = at.Keys(value), dy = at.Queries(outputGradient),
            y = at.Queries(output);
        Gemm.Multiply(tile.Rows, tile.Keys, width, q, stride, false, k, keyStride, true, p, scoreStride, false);
        Gemm.Multiply(tile.Rows, tile.Keys, width, dy, stride, false, v, keyStride, true, ds, scoreStride, false);
        for (int i = 0; i < tile.Rows; i++)
        {
            Span<float> scores = MaskedRow(p, i, tile), gradients = MaskedRow(ds, i, tile, masked: 0)[..scores.Length];
            float delta = Lanes.Dot(dy.Slice(i * stride, width), y.Slice(i * stride, width));
            ScoreGradients(scores, gradients, logSumExp.Read(((long)(tile.Row + i) * shape.Heads) + head, 1)[0], delta, (float)shape.Scale);
        }
        Gemm.Multiply(tile.Rows, width, tile.Keys, ds, scoreStride, false, k, keyStride, false,
            queryGradient.Write(at.Query, at.QueryLength), stride, false);
        Gemm.Multiply(tile.Keys, width, tile.Rows, ds, scoreStride, true, q, stride, false, keyGradient.Write(at.Key, at.KeyLength),
            keyStride, true);
        Gemm.Multiply(tile.Keys, width, tile.Rows, p, scoreStride, true, dy, stride, false, valueGradient.Write(at.Key, at.KeyLength),
            keyStride, true);
    }

    /// <summary>Row i of a tile up to its own key, in whole lanes whose rest is masked; what lies behind becomes 0.</summary>
    private static Span<float> MaskedRow(Span<float> scores, int i, Tile tile, float masked = float.NegativeInfinity)
    {
        int seen = tile.Row + i - tile.First + 1, whole = Lanes.RoundUp(seen);
        Span<float> row = scores.Slice(i * tile.Stride, tile.Stride);
        row[seen..whole].Fill(masked);
        row[whole..].Clear();
        return row[..whole];
    }

    /// <summary>Turns scores into probabilities of scale · score; returns log Σ exp.</summary>
    /// <param name="scores">Whole lanes, of which the last may be filled up with -∞.</param>
    /// <param name="scale">A positive factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Softmax(Span<float> scores, float scale)
    {
        Debug.Assert(scores.Length % Lanes.Count == 0);
        ref float first = ref MemoryMarshal.GetReference(scores);
        float max = Lanes.Max(scores) * scale;
        Vector256<float> sum = default;
        for (nuint i = 0; i < (nuint)scores.Length; i += Lanes.Count)
        {
            Vector256<float> e = Lanes.Exp(Lanes.MultiplyAdd(Vector256.LoadUnsafe(ref first, i), Vector256.Create(scale),
                Vector256.Create(-max)));
            e.StoreUnsafe(ref first, i);
            sum += e;
        }
        float total = Lanes.Sum(sum);
        for (nuint i = 0; i < (nuint)scores.Length; i += Lanes.Count)
            (Vector256.LoadUnsafe(ref first, i) * (1 / total)).StoreUnsafe(ref first, i);
        return max + MathF.Log(total);
    }

    /// <summary>Turns scores into probabilities p, and their gradients dp into p·(dp - δ)·scale; both of the same whole lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreGradients(Span<float> scores, Span<float> gradients, float logSumExp, float delta, float scale)
    {
        Debug.Assert(scores.Length % Lanes.Count == 0 && gradients.Length == scores.Length);
        ref float score = ref MemoryMarshal.GetReference(scores), gradient = ref MemoryMarshal.GetReference(gradients);
        for (nuint i = 0; i < (nuint)scores.Length; i += Lanes.Count)
        {
            Vector256<float> factor = Vector256.Create(scale);
            Vector256<float> p = Lanes.Exp(Lanes.MultiplyAdd(Vector256.LoadUnsafe(ref score, i), factor, Vector256.Create(-logSumExp)));
            (p * Lanes.MultiplyAdd(Vector256.LoadUnsafe(ref gradient, i), factor, Vector256.Create(-delta * scale)))
                .StoreUnsafe(ref gradient, i);
            p.StoreUnsafe(ref score, i);
        }
    }

    private static Tile[] Tiles(ReadOnlySpan<int> starts)
    {
        List<Tile> tiles = [];
        for (int s = 0; s + 1 < starts.Length; s++)
            for (int row = starts[s]; row < starts[s + 1]; row += TileRows)
                tiles.Add(new(starts[s], row, Math.Min(TileRows, starts[s + 1] - row)));
        return [.. tiles];
    }

    /// <summary>Some rows of a sequence whose first row is <paramref name="First"/>.</summary>
    private readonly record struct Tile(int First, int Row, int Rows)
    {
        /// <summary>How many keys the last of the rows attends to.</summary>
        public int Keys => Row + Rows - First;

        /// <summary>Elements from one row of scores to the next: whole lanes.</summary>
        public int Stride => Lanes.RoundUp(Keys);
    }

    /// <summary>Where one head of a tile's rows, and of the keys that they attend to, lies in a matrix.</summary>
    private readonly struct HeadSpans(AttentionShape shape, Tile tile, int head)
    {
        public long Query { get; } = ((long)tile.Row * shape.QueryWidth) + (head * shape.HeadWidth);

        public long Key { get; } = ((long)tile.First * shape.KeyWidth) + (head / (shape.Heads / shape.KeyHeads) * shape.HeadWidth);

        public int QueryLength { get; } = ((tile.Rows - 1) * shape.QueryWidth) + shape.HeadWidth;

        public int KeyLength { get; } = ((tile.Keys - 1) * shape.KeyWidth) + shape.HeadWidth;

        public ReadOnlySpan<float> Queries(DeviceSpan matrix) => matrix.Read(Query, QueryLength);

        public ReadOnlySpan<float> Keys(DeviceSpan matrix) => matrix.Read(Key, KeyLength);
    }
}
