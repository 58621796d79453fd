using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>The definition of causal attention and its gradients, a score at a time: query and output (N, H·D), key and value (N,
/// G·D).</summary>
internal static class ReferenceAttention
{
    /// <summary>Within each sequence, row i attends to all rows up to i; logSumExp (N, H).</summary>
    public static void Forward(Span<double> output, Span<double> logSumExp, ReadOnlySpan<double> query, ReadOnlySpan<double> key,
        ReadOnlySpan<double> value, AttentionShape shape, ReadOnlySpan<int> starts)
    {
        for (int s = 0; s + 1 < starts.Length; s++)
            for (int i = starts[s]; i < starts[s + 1]; i++)
                for (int h = 0; h < shape.Heads; h++)
                {
                    int at = (i * shape.QueryWidth) + (h * shape.HeadWidth), first = KeyAt(starts[s], h, shape);
                    logSumExp[(i * shape.Heads) + h] = AttendTo(output.Slice(at, shape.HeadWidth), query.Slice(at, shape.HeadWidth),
                        key[first..], value[first..], i - starts[s] + 1, shape);
                }
    }

    /// <summary>Row n attends to the first lengths[n] rows of its slot; caches (slots, capacity, G·D).</summary>
    public static void Cached(Span<double> output, ReadOnlySpan<double> query, ReadOnlySpan<double> keyCache,
        ReadOnlySpan<double> valueCache,
        AttentionShape shape, int capacity, ReadOnlySpan<int> slots, ReadOnlySpan<int> lengths)
    {
        for (int n = 0; n < slots.Length; n++)
            for (int h = 0; h < shape.Heads; h++)
            {
                int at = (n * shape.QueryWidth) + (h * shape.HeadWidth), first = KeyAt(slots[n] * capacity, h, shape);
                AttendTo(output.Slice(at, shape.HeadWidth), query.Slice(at, shape.HeadWidth), keyCache[first..], valueCache[first..],
                    lengths[n], shape);
            }
    }

    /// <summary>With P = exp(S - logSumExp) and δ = Σ dO·O: dV = PᵀdO, dS = P·(dO·Vᵀ - δ), dQ = dS·K/√D, dK = dSᵀQ/√D.</summary>
    public static void Backward(Span<double> queryGradient, Span<double> keyGradient, Span<double> valueGradient,
        ReadOnlySpan<double> outputGradient,
        ReadOnlySpan<double> output, ReadOnlySpan<double> logSumExp, ReadOnlySpan<double> query, ReadOnlySpan<double> key,
            ReadOnlySpan<double> value,
        AttentionShape shape, ReadOnlySpan<int> starts)
    {
        queryGradient.Clear();
        keyGradient.Clear();
        valueGradient.Clear();
        int width = shape.HeadWidth;
        for (int s = 0; s + 1 < starts.Length; s++)
            for (int i = starts[s]; i < starts[s + 1]; i++)
                for (int h = 0; h < shape.Heads; h++)
                {
                    int at = (i * shape.QueryWidth) + (h * width);
                    ReadOnlySpan<double> q = query.Slice(at, width), dy = outputGradient.Slice(at, width);
                    double delta = Dot(dy, output.Slice(at, width));
                    for (int j = starts[s]; j <= i; j++)
                    {
                        int from = KeyAt(j, h, shape);
                        ReadOnlySpan<double> k = key.Slice(from, width);
                        double p = Math.Exp((Dot(q, k) * shape.Scale) - logSumExp[(i * shape.Heads) + h]);
                        double ds = p * (Dot(dy, value.Slice(from, width)) - delta) * shape.Scale;
                        for (int d = 0; d < width; d++)
                        {
                            queryGradient[at + d] += ds * k[d];
                            keyGradient[from + d] += ds * q[d];
                            valueGradient[from + d] += p * dy[d];
                        }
                    }
                }
    }

    /// <summary>output = softmax(query · keyᵀ / √D) · value over <paramref name="count"/> keys; returns log Σ exp.</summary>
    private static double AttendTo(Span<double> output, ReadOnlySpan<double> query, ReadOnlySpan<double> keys, ReadOnlySpan<double> values,
        int count, AttentionShape shape)
    {
        double[] scores = new double[count];
        for (int j = 0; j < count; j++) scores[j] = Dot(query, keys.Slice(j * shape.KeyWidth, shape.HeadWidth)) * shape.Scale;
        double max = scores.Largest(), logSumExp = max + Math.Log(scores.Sum(x => Math.Exp(x - max)));
        output.Clear();
        for (int j = 0; j < count; j++)
            for (int d = 0; d < output.Length; d++) output[d] += Math.Exp(scores[j] - logSumExp) * values[(j * shape.KeyWidth) + d];
        return logSumExp;
    }

    /// <summary>Where query head h finds its key head in a row.</summary>
    private static int KeyAt(int row, int head, AttentionShape shape) =>
        (row * shape.KeyWidth) + (head * shape.KeyHeads / shape.Heads * shape.HeadWidth);

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int d = 0; d < x.Length; d++) sum += x[d] * y[d];
        return sum;
    }
}
