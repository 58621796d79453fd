using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Causal attention within packed sequences; see <see cref="ReferenceAttention"/> for the definition.</summary>
/// <remarks>
/// Queries come in tiles of <see cref="TileRows"/> from a sequence's first row on. A query's sums over keys are cut as <see cref="Gemm"/>
/// cuts those of all keys that its tile sees, and gradients of keys and values are summed over a tile's queries, then over tiles and over
/// the heads of a key head in order.
/// </remarks>
internal static class Attention
{
    /// <summary>Query rows of a tile.</summary>
    public const int TileRows = 64;

    /// <summary>Tiles whose keys and values are laid out together, where there are so many.</summary>
    private const int RunTiles = 8;

    private static readonly AttentionKernel Kernel = GemmAlgorithms.Attention;

    /// <summary>Shared out by runs of tiles and query heads.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        (int First, int From, int To)[] runs = Runs(starts.Span);
        if (runs.Length == 0) return;
        long work = 2L * shape.HeadWidth * runs.Sum(r => (r.To - r.From) * (long)(r.To - r.First)) / runs.Length;
        pool.Share((long)runs.Length * shape.Heads, work, (from, to) =>
        {
            for (long item = from; item < to; item++)
            {
                (int first, int start, int end) = runs[item / shape.Heads];
                Kernel.Forward(output, logSumExp, query, key, value, new(shape, first, end, (int)(item % shape.Heads)), start);
            }
        });
    }

    /// <summary>Shared out by sequences and key heads, since a key head's gradient gathers from all its queries in a fixed order.</summary>
    public static void Backward(WorkerPool pool, DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient,
        DeviceSpan outputGradient, DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        int sequences = starts.Length - 1, group = shape.Heads / shape.KeyHeads;
        if (sequences == 0) return;
        long work = 0;
        for (int s = 0; s < sequences; s++) work += (long)(starts.Span[s + 1] - starts.Span[s]) * (starts.Span[s + 1] - starts.Span[s]);
        pool.Share((long)sequences * shape.KeyHeads, 5L * shape.HeadWidth * group * work / sequences / 2, (from, to) =>
        {
            for (long item = from; item < to; item++)
            {
                int s = (int)(item / shape.KeyHeads), first = starts.Span[s], end = starts.Span[s + 1];
                if (first == end) continue;
                Kernel.Backward(queryGradient, keyGradient, valueGradient, outputGradient, output, logSumExp, query, key, value,
                    new(shape, first, end, (int)(item % shape.KeyHeads) * group));
            }
        });
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

    private static (int First, int From, int To)[] Runs(ReadOnlySpan<int> starts)
    {
        const int Rows = RunTiles * TileRows;
        List<(int, int, int)> runs = [];
        for (int s = 0; s + 1 < starts.Length; s++)
            for (int row = starts[s]; row < starts[s + 1]; row += Rows)
                runs.Add((starts[s], row, Math.Min(row + Rows, starts[s + 1])));
        return [.. runs];
    }
}
