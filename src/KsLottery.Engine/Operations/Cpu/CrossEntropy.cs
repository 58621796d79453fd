using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Cross entropy of logits (N, V) against N target tokens.</summary>
internal static class CrossEntropy
{
    /// <summary>Logits of a row that are summed at a time.</summary>
    private const int Block = 1024;

    /// <summary>The definition: losses (N), logSumExp (N), logits (N, V), targets (N).</summary>
    public static void Forward(Span<double> losses, Span<double> logSumExp, ReadOnlySpan<double> logits, ReadOnlySpan<int> targets,
        int vocabulary)
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
    public static void Backward(Span<double> logits, ReadOnlySpan<double> logSumExp, ReadOnlySpan<int> targets, int vocabulary,
        double scale)
    {
        for (int i = 0; i < targets.Length; i++)
            for (int v = 0; v < vocabulary; v++)
            {
                ref double x = ref logits[(i * vocabulary) + v];
                x = targets[i] < 0 ? 0 : (Math.Exp(x - logSumExp[i]) - (v == targets[i] ? 1 : 0)) * scale;
            }
    }

    /// <summary>The same in F32, shared out by rows.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets,
        int vocabulary) =>
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
    public static void Backward(WorkerPool pool, DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary,
        double scale) =>
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

    /// <summary>log Σ exp(x) of a row, read once: the total of the blocks so far is scaled down where a block has a greater
    /// maximum.</summary>
    internal static double LogSumExp(ReadOnlySpan<float> row)
    {
        double total = 0;
        float max = float.NegativeInfinity;
        for (int start = 0; start < row.Length; start += Block)
        {
            ReadOnlySpan<float> block = row.Slice(start, Math.Min(Block, row.Length - start));
            float greatest = Math.Max(max, Lanes.Max(block));
            if (greatest > max) (total, max) = (total * Math.Exp((double)max - greatest), greatest);
            total += SumExp(block, max);
        }
        return max + Math.Log(total);
    }

    /// <summary>Σ exp(x - shift); the next block is fetched meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumExp(ReadOnlySpan<float> values, float shift)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<float> sum = default;
        int i = 0;
        for (; i <= values.Length - Lanes.Count; i += Lanes.Count)
        {
            Interop.Cache.Prefetch(in first, i + Block);
            sum += Lanes.Exp(Vector256.LoadUnsafe(ref first, (nuint)i) - Vector256.Create(shift));
        }
        double total = Lanes.Sum(sum);
        for (; i < values.Length; i++) total += Math.Exp(values[i] - shift);
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExpScaled(Span<float> row, float logSumExp, float scale)
    {
        for (int i = 0; i < row.Length; i += Lanes.Count)
        {
            Interop.Cache.Prefetch(in MemoryMarshal.GetReference(row), i + Block);
            (Lanes.Exp(Lanes.Load(row, i) - Vector256.Create(logSumExp)) * scale).Store(row, i);
        }
    }
}
