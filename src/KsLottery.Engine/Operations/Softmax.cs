using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Exponentials of V logits, in double.</summary>
internal static class Softmax
{
    // The same on every processor, so that sums are taken in the same order: narrower vectors do a block in several steps.
    private const int Block = 16;

    /// <summary>log Σ exp(x): a logit less this is its token's log probability. Not finite where the logits are no distribution.</summary>
    public static double LogSum(ReadOnlySpan<float> logits)
    {
        float max = Max(logits);
        return max + Math.Log(Exponentials(logits, max, 1, default));
    }

    /// <summary>The lowest index of the largest logit.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> logits) => logits.IndexOf(Max(logits));

    /// <summary>Weights exp((x - max) / temperature), the largest of which is 1; returns their sum.</summary>
    public static double Weigh(ReadOnlySpan<float> logits, double temperature, Span<double> weights) =>
        Exponentials(logits, Max(logits), temperature, weights[..logits.Length]);

    /// <summary>The largest logit; NaN where any is NaN, -∞ of none.</summary>
    public static float Max(ReadOnlySpan<float> logits) => logits.IsEmpty ? float.NegativeInfinity : TensorPrimitives.Max(logits);

    /// <summary>Σ exp((x - max) / temperature), and the exponentials themselves where there is room for them.</summary>
    /// <remarks>The last logits take the way of all others, so that equal logits have equal weights.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Exponentials(ReadOnlySpan<float> logits, float max, double temperature, Span<double> weights)
    {
        Vector512<double> sums = Vector512<double>.Zero;
        Span<float> block = stackalloc float[Block];
        Span<double> exponentials = stackalloc double[Block];
        for (int i = 0; i < logits.Length; i += Block)
        {
            int count = Math.Min(Block, logits.Length - i);
            // A lane out of range would send the whole vector another way, of another last bit.
            block.Fill(max);
            logits.Slice(i, count).CopyTo(block);
            Vector512<float> x = Vector512.Create<float>(block);
            Vector512<double> lower =
                Vector512.Exp((Vector512.WidenLower(x) - Vector512.Create((double)max)) / Vector512.Create(temperature));
            Vector512<double> upper =
                Vector512.Exp((Vector512.WidenUpper(x) - Vector512.Create((double)max)) / Vector512.Create(temperature));
            lower = First(lower, count);
            upper = First(upper, count - Vector512<double>.Count);
            sums += lower + upper;
            if (weights.IsEmpty) continue;
            lower.CopyTo(exponentials);
            upper.CopyTo(exponentials[8..]);
            exponentials[..count].CopyTo(weights[i..]);
        }
        return Vector512.Sum(sums);
    }

    private static Vector512<double> First(Vector512<double> lanes, int count) =>
        Vector512.ConditionalSelect(Vector512.LessThan(Vector512<double>.Indices, Vector512.Create((double)count)), lanes,
            Vector512<double>.Zero);
}
