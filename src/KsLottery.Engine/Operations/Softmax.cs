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
            block.Fill(float.NegativeInfinity);
            logits[i..Math.Min(i + Block, logits.Length)].CopyTo(block);
            Vector512<float> x = Vector512.Create<float>(block);
            Vector512<double> lower =
                Vector512.Exp((Vector512.WidenLower(x) - Vector512.Create((double)max)) / Vector512.Create(temperature));
            Vector512<double> upper =
                Vector512.Exp((Vector512.WidenUpper(x) - Vector512.Create((double)max)) / Vector512.Create(temperature));
            sums += lower + upper;
            if (weights.IsEmpty) continue;
            lower.CopyTo(exponentials);
            upper.CopyTo(exponentials[8..]);
            exponentials[..Math.Min(Block, weights.Length - i)].CopyTo(weights[i..]);
        }
        return Vector512.Sum(sums);
    }
}
