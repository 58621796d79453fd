namespace KsLottery.Engine.Operations;

/// <summary>Cross entropy of logits (N, V) against N target tokens.</summary>
internal static class CrossEntropy
{
    /// <summary>The definition: losses (N), logSumExp (N), logits (N, V), targets (N).</summary>
    public static void Forward(Span<double> losses, Span<double> logSumExp, ReadOnlySpan<double> logits, ReadOnlySpan<int> targets, int vocabulary)
    {
        for (int i = 0; i < targets.Length; i++)
        {
            ReadOnlySpan<double> x = logits.Slice(i * vocabulary, vocabulary);
            double max = double.NegativeInfinity, sum = 0;
            foreach (double value in x) max = Math.Max(max, value);
            foreach (double value in x) sum += Math.Exp(value - max);
            logSumExp[i] = max + Math.Log(sum);
            losses[i] = targets[i] < 0 ? 0 : logSumExp[i] - x[targets[i]];
        }
    }

    /// <summary>The definition, in place: logits (N, V) become (exp(logits - logSumExp) - [target]) · scale.</summary>
    public static void Backward(Span<double> logits, ReadOnlySpan<double> logSumExp, ReadOnlySpan<int> targets, int vocabulary, double scale)
    {
        for (int i = 0; i < targets.Length; i++)
            for (int v = 0; v < vocabulary; v++)
            {
                ref double x = ref logits[(i * vocabulary) + v];
                x = targets[i] < 0 ? 0 : (Math.Exp(x - logSumExp[i]) - (v == targets[i] ? 1 : 0)) * scale;
            }
    }
}
