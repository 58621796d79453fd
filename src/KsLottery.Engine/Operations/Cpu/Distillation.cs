using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Operations;

/// <summary>T²·KL(q ‖ p) of two rows of logits, a teacher's and a student's, with q and p their softmax at temperature T.</summary>
internal static class Distillation
{
    /// <summary>The definition: Σ over rows of T²·Σ q·(log q - log p); the teacher's logits (N, V) become (p - q)·T·scale.</summary>
    public static double Loss(Span<double> teacher, ReadOnlySpan<double> logits, int vocabulary, double temperature, double scale)
    {
        double loss = 0;
        for (int start = 0; start < logits.Length; start += vocabulary)
        {
            Span<double> t = teacher.Slice(start, vocabulary);
            ReadOnlySpan<double> s = logits.Slice(start, vocabulary);
            double teacherSum = LogSumExp(t, temperature), sum = LogSumExp(s, temperature), divergence = 0;
            for (int v = 0; v < vocabulary; v++)
            {
                double q = (t[v] / temperature) - teacherSum, p = (s[v] / temperature) - sum;
                divergence += Math.Exp(q) * (q - p);
                t[v] = (Math.Exp(p) - Math.Exp(q)) * temperature * scale;
            }
            loss += temperature * temperature * divergence;
        }
        return loss;
    }

    /// <summary>The same in F32, shared out by rows, whose losses are added in order.</summary>
    public static double Loss(WorkerPool pool, DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature, double scale)
    {
        double[] losses = new double[logits.Length / vocabulary];
        pool.Share(losses.Length, vocabulary, (from, to) =>
        {
            for (long row = from; row < to; row++)
                losses[row] = RowLoss(teacher.Write(row * vocabulary, vocabulary), logits.Read(row * vocabulary, vocabulary), temperature,
                    scale);
        });
        return Sums.Sum(losses);
    }

    /// <summary>One row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double RowLoss(Span<float> teacher, ReadOnlySpan<float> logits, double temperature, double scale)
    {
        using SpanOwner<float> owner = SpanOwner<float>.Allocate(logits.Length);
        Span<float> student = owner.Span;
        Cool(logits, temperature, student);
        Cool(teacher, temperature, teacher);
        Vector256<float> factor = Vector256.Create((float)(temperature * scale));
        Vector256<double> lower = default, upper = default;
        for (int i = 0; i < teacher.Length; i += Lanes.Count)
        {
            Vector256<float> q = Lanes.Load(teacher, i), p = Lanes.Load(student, i), likely = Lanes.Exp(q), term = likely * (q - p);
            if (i + Lanes.Count > teacher.Length) term = Rest(term, teacher.Length - i);
            lower += Vector256.WidenLower(term);
            upper += Vector256.WidenUpper(term);
            ((Lanes.Exp(p) - likely) * factor).Store(teacher, i);
        }
        return temperature * temperature * Sums.Total(lower + upper);
    }

    /// <summary>Logarithms of the softmax at a temperature.</summary>
    private static void Cool(ReadOnlySpan<float> logits, double temperature, Span<float> target)
    {
        Vector256<float> inverse = Vector256.Create((float)(1 / temperature));
        for (int i = 0; i < logits.Length; i += Lanes.Count) (Lanes.Load(logits, i) * inverse).Store(target, i);
        Vector256<float> sum = Vector256.Create((float)CrossEntropy.LogSumExp(target));
        for (int i = 0; i < target.Length; i += Lanes.Count) (Lanes.Load(target, i) - sum).Store(target, i);
    }

    /// <summary>The first lanes, and 0 in those behind the end of a row.</summary>
    private static Vector256<float> Rest(Vector256<float> values, int count) => Vector256.ConditionalSelect(
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle(), values, Vector256<float>.Zero);

    private static double LogSumExp(ReadOnlySpan<double> logits, double temperature)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (double value in logits) max = Math.Max(max, value);
        foreach (double value in logits) sum += Math.Exp((value - max) / temperature);
        return (max / temperature) + Math.Log(sum);
    }
}
