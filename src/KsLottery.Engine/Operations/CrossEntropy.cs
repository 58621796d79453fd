using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    /// <summary>The same in F32, shared out by rows.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets, int vocabulary) =>
        pool.Share(targets.Length, vocabulary, (from, to) =>
        {
            ReadOnlySpan<int> target = targets.Span;
            Span<float> loss = losses.Write(), sums = logSumExp.Write();
            for (int i = (int)from; i < to; i++)
            {
                ReadOnlySpan<float> x = logits.Read((long)i * vocabulary, vocabulary);
                double sum = LogSumExp(x);
                sums[i] = (float)sum;
                loss[i] = target[i] < 0 ? 0 : (float)(sum - x[target[i]]);
            }
        });

    /// <summary>The same in F32, shared out by rows.</summary>
    public static void Backward(WorkerPool pool, DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary, double scale) =>
        pool.Share(targets.Length, vocabulary, (from, to) =>
        {
            ReadOnlySpan<int> target = targets.Span;
            ReadOnlySpan<float> sums = logSumExp.Read();
            for (int i = (int)from; i < to; i++)
            {
                Span<float> x = logits.Write((long)i * vocabulary, vocabulary);
                if (target[i] < 0)
                {
                    x.Clear();
                    continue;
                }
                ExpScaled(x, sums[i], (float)scale);
                x[target[i]] -= (float)scale;
            }
        });

    /// <summary>log Σ exp(x) of a row, in double over blocks whose lanes are summed in F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double LogSumExp(ReadOnlySpan<float> row)
    {
        const int Block = 64 * Lanes.Count;
        float max = Lanes.Max(row);
        Vector512<float> shift = Vector512.Create(max);
        double total = 0;
        for (int start = 0; start < row.Length; start += Block)
        {
            ReadOnlySpan<float> x = row.Slice(start, Math.Min(Block, row.Length - start));
            Vector512<float> sum = default;
            int i = 0;
            for (; i <= x.Length - Lanes.Count; i += Lanes.Count) sum += Lanes.Exp(Lanes.Load(x, i) - shift);
            total += Lanes.Sum(sum);
            for (; i < x.Length; i++) total += Math.Exp(x[i] - max);
        }
        return max + Math.Log(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExpScaled(Span<float> row, float logSumExp, float scale)
    {
        for (int i = 0; i < row.Length; i += Lanes.Count) (Lanes.Exp(Lanes.Load(row, i) - Vector512.Create(logSumExp)) * scale).Store(row, i);
    }
}
