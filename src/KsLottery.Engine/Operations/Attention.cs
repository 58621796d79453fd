using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Causal attention within packed sequences, a tile of queries at a time; see <see cref="ReferenceAttention"/> for the definition.</summary>
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
    public static void Backward(WorkerPool pool, DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
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
                        BackwardTile(queryGradient, keyGradient, valueGradient, outputGradient, output, logSumExp, query, key, value, shape, tile, h);
            }
        });
    }

    private static void ForwardTile(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, Tile tile, int head)
    {
        HeadSpans at = new(shape, tile, head);
        float[] room = ArrayPool<float>.Shared.Rent(tile.Rows * tile.Keys);
        Span<float> scores = room.AsSpan(0, tile.Rows * tile.Keys);
        Gemm.Multiply(tile.Rows, tile.Keys, shape.HeadWidth, at.Queries(query), shape.QueryWidth, false, at.Keys(key), shape.KeyWidth, true, scores, tile.Keys, false);
        for (int i = 0; i < tile.Rows; i++)
        {
            int seen = tile.Row + i - tile.First + 1;
            float sum = Softmax(scores.Slice(i * tile.Keys, seen), (float)shape.Scale);
            scores.Slice((i * tile.Keys) + seen, tile.Keys - seen).Clear();
            logSumExp.Write(((long)(tile.Row + i) * shape.Heads) + head, 1)[0] = sum;
        }
        Gemm.Multiply(tile.Rows, shape.HeadWidth, tile.Keys, scores, tile.Keys, false, at.Keys(value), shape.KeyWidth, false,
            output.Write(at.Query, at.QueryLength), shape.QueryWidth, false);
        ArrayPool<float>.Shared.Return(room);
    }

    private static void BackwardTile(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value, AttentionShape shape, Tile tile, int head)
    {
        HeadSpans at = new(shape, tile, head);
        int scoreCount = tile.Rows * tile.Keys, width = shape.HeadWidth, stride = shape.QueryWidth, keyStride = shape.KeyWidth;
        float[] room = ArrayPool<float>.Shared.Rent(2 * scoreCount);
        Span<float> p = room.AsSpan(0, scoreCount), ds = room.AsSpan(scoreCount, scoreCount);
        ReadOnlySpan<float> q = at.Queries(query), k = at.Keys(key), v = at.Keys(value), dy = at.Queries(outputGradient), y = at.Queries(output);
        Gemm.Multiply(tile.Rows, tile.Keys, width, q, stride, false, k, keyStride, true, p, tile.Keys, false);
        Gemm.Multiply(tile.Rows, tile.Keys, width, dy, stride, false, v, keyStride, true, ds, tile.Keys, false);
        for (int i = 0; i < tile.Rows; i++)
        {
            int seen = tile.Row + i - tile.First + 1, row = i * tile.Keys;
            float delta = Lanes.Dot(dy.Slice(i * stride, width), y.Slice(i * stride, width));
            ScoreGradients(p.Slice(row, seen), ds.Slice(row, seen), logSumExp.Read(((long)(tile.Row + i) * shape.Heads) + head, 1)[0], delta, (float)shape.Scale);
            p.Slice(row + seen, tile.Keys - seen).Clear();
            ds.Slice(row + seen, tile.Keys - seen).Clear();
        }
        Gemm.Multiply(tile.Rows, width, tile.Keys, ds, tile.Keys, false, k, keyStride, false, queryGradient.Write(at.Query, at.QueryLength), stride, false);
        Gemm.Multiply(tile.Keys, width, tile.Rows, ds, tile.Keys, true, q, stride, false, keyGradient.Write(at.Key, at.KeyLength), keyStride, true);
        Gemm.Multiply(tile.Keys, width, tile.Rows, p, tile.Keys, true, dy, stride, false, valueGradient.Write(at.Key, at.KeyLength), keyStride, true);
        ArrayPool<float>.Shared.Return(room);
    }

    /// <summary>Turns scores into probabilities of scale · score; returns log Σ exp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Softmax(Span<float> scores, float scale)
    {
        float max = Lanes.Max(scores) * scale;
        Vector256<float> shift = Vector256.Create(-max), factor = Vector256.Create(scale), sum = default;
        float rest = 0;
        for (int i = 0; i < scores.Length; i += Lanes.Count)
        {
            Vector256<float> e = Lanes.Exp(Lanes.MultiplyAdd(Lanes.Load(scores, i), factor, shift));
            e.Store(scores, i);
            if (i <= scores.Length - Lanes.Count) sum += e;
            else foreach (float value in scores[i..]) rest += value;
        }
        float total = Lanes.Sum(sum) + rest;
        Vector256<float> inverse = Vector256.Create(1 / total);
        for (int i = 0; i < scores.Length; i += Lanes.Count) (Lanes.Load(scores, i) * inverse).Store(scores, i);
        return max + MathF.Log(total);
    }

    /// <summary>Turns scores into probabilities p, and their gradients dp into p·(dp - δ)·scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreGradients(Span<float> scores, Span<float> gradients, float logSumExp, float delta, float scale)
    {
        Vector256<float> shift = Vector256.Create(-logSumExp), back = Vector256.Create(-delta * scale), factor = Vector256.Create(scale);
        for (int i = 0; i < scores.Length; i += Lanes.Count)
        {
            Vector256<float> p = Lanes.Exp(Lanes.MultiplyAdd(Lanes.Load(scores, i), factor, shift));
            (p * Lanes.MultiplyAdd(Lanes.Load(gradients, i), factor, back)).Store(gradients, i);
            p.Store(scores, i);
        }
    }

    private static Tile[] Tiles(ReadOnlySpan<int> starts)
    {
        List<Tile> tiles = [];
        for (int s = 0; s + 1 < starts.Length; s++)
            for (int row = starts[s]; row < starts[s + 1]; row += TileRows) tiles.Add(new(starts[s], row, Math.Min(TileRows, starts[s + 1] - row)));
        return [.. tiles];
    }

    /// <summary>Some rows of a sequence whose first row is <paramref name="First"/>.</summary>
    private readonly record struct Tile(int First, int Row, int Rows)
    {
        /// <summary>How many keys the last of the rows attends to.</summary>
        public int Keys => Row + Rows - First;
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
