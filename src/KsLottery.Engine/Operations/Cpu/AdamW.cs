using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>AdamW: m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← (1-ηλ)w - η·(m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + ε), both divisors 1 where
/// nothing is corrected.</summary>
internal static class AdamW
{
    /// <summary>How many floats before its turn memory is fetched.</summary>
    private const int Ahead = 256;

    /// <summary>The definition; all of one length.</summary>
    public static void Step(Span<double> weights, ReadOnlySpan<double> gradient, Span<double> firstMoment, Span<double> secondMoment,
        in AdamWStep update)
    {
        (double correction1, double correction2) = update.Corrections;
        for (int i = 0; i < weights.Length; i++)
        {
            double g = gradient[i] * update.GradientScale;
            double m = firstMoment[i] = (update.Beta1 * firstMoment[i]) + ((1 - update.Beta1) * g);
            double v = secondMoment[i] = (update.Beta2 * secondMoment[i]) + ((1 - update.Beta2) * g * g);
            weights[i] = (weights[i] * (1 - (update.LearningRate * update.WeightDecay)))
                - (update.LearningRate * (m / correction1) / (Math.Sqrt(v / correction2) + update.Epsilon));
        }
    }

    /// <summary>The same in F32 with constants prepared in double, shared out by elements.</summary>
    public static void Step(WorkerPool pool, DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment,
        in AdamWStep update)
    {
        Constants constants = new(update);
        pool.Share(weights.Length, 2, (from, to) => Step(weights.Write(from, to - from), gradient.Read(from, to - from),
            firstMoment.Write(from, to - from), secondMoment.Write(from, to - from), constants));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> firstMoment, Span<float> secondMoment,
        in Constants constants)
    {
        Vector256<float> beta1 = Vector256.Create(constants.Beta1), rest1 = Vector256.Create(constants.Rest1),
            scale = Vector256.Create(constants.Scale);
        Vector256<float> beta2 = Vector256.Create(constants.Beta2), rest2 = Vector256.Create(constants.Rest2),
            keep = Vector256.Create(constants.Keep);
        Vector256<float> rate = Vector256.Create(constants.Rate), root = Vector256.Create(constants.Root),
            epsilon = Vector256.Create(constants.Epsilon);
        for (int i = 0; i < weights.Length; i += Lanes.Count)
        {
            Interop.Cache.Prefetch(in MemoryMarshal.GetReference(gradient), i + Ahead);
            Interop.Cache.Prefetch(in MemoryMarshal.GetReference(firstMoment), i + Ahead);
            Interop.Cache.Prefetch(in MemoryMarshal.GetReference(secondMoment), i + Ahead);
            Interop.Cache.Prefetch(in MemoryMarshal.GetReference(weights), i + Ahead);
            Vector256<float> g = Lanes.Load(gradient, i) * scale;
            Vector256<float> m = Lanes.MultiplyAdd(beta1, Lanes.Load(firstMoment, i), rest1 * g);
            Vector256<float> v = Lanes.MultiplyAdd(beta2, Lanes.Load(secondMoment, i), rest2 * g * g);
            m.Store(firstMoment, i);
            v.Store(secondMoment, i);
            Lanes.MultiplyAdd(keep, Lanes.Load(weights, i), -(rate * m / Lanes.MultiplyAdd(Vector256.Sqrt(v), root, epsilon)))
                .Store(weights, i);
        }
    }

    /// <summary>What is the same for all elements of a step: √(v/(1-β₂ᵗ)) is taken as √v · Root, and Rate is η/(1-β₁ᵗ).</summary>
    internal readonly struct Constants(in AdamWStep update)
    {
        public readonly float Beta1 = (float)update.Beta1, Rest1 = (float)(1 - update.Beta1);
        public readonly float Beta2 = (float)update.Beta2, Rest2 = (float)(1 - update.Beta2);
        public readonly float Scale = (float)update.GradientScale, Epsilon = (float)update.Epsilon;
        public readonly float Keep = (float)(1 - (update.LearningRate * update.WeightDecay));
        public readonly float Rate = (float)(update.LearningRate / update.Corrections.First);
        public readonly float Root = (float)(1 / Math.Sqrt(update.Corrections.Second));
    }
}
