namespace KsLottery.Engine.Operations;

/// <summary>AdamW: m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← (1-ηλ)w - η·(m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + ε).</summary>
internal static class AdamW
{
    /// <summary>The definition; all of one length.</summary>
    public static void Step(Span<double> weights, ReadOnlySpan<double> gradient, Span<double> firstMoment, Span<double> secondMoment, in AdamWStep update)
    {
        double correction1 = 1 - Math.Pow(update.Beta1, update.Step), correction2 = 1 - Math.Pow(update.Beta2, update.Step);
        for (int i = 0; i < weights.Length; i++)
        {
            double g = gradient[i] * update.GradientScale;
            double m = firstMoment[i] = (update.Beta1 * firstMoment[i]) + ((1 - update.Beta1) * g);
            double v = secondMoment[i] = (update.Beta2 * secondMoment[i]) + ((1 - update.Beta2) * g * g);
            weights[i] = (weights[i] * (1 - (update.LearningRate * update.WeightDecay)))
                - (update.LearningRate * (m / correction1) / (Math.Sqrt(v / correction2) + update.Epsilon));
        }
    }
}
