namespace KsLottery.Engine.Training;

/// <summary>The relaxed mask of a graft: γ = γ₀ + (1 − 2γ₀)·σ(S − b), near γ₀ as long as S is far below b.</summary>
/// <remarks>Source: Panigrahi et al., ICML 2023 (arXiv 2302.06600), section 2 and its code.</remarks>
internal static class SigmoidMask
{
    /// <summary>γ, from 0 to 1.</summary>
    /// <param name="isPatch">Whether γ₀ is 1, and not 0.</param>
    /// <param name="score">S.</param>
    /// <param name="bias">b.</param>
    public static double Gamma(bool isPatch, double score, double bias)
    {
        double sigmoid = Sigmoid(score - bias);
        return isPatch ? 1 - sigmoid : sigmoid;
    }

    /// <summary>Whether γ rounds to 1; a half does not.</summary>
    public static bool IsKept(bool isPatch, double score, double bias) => Gamma(isPatch, score, bias) > 0.5;

    /// <summary>dL/dS.</summary>
    /// <param name="isPatch">Whether γ₀ is 1, and not 0.</param>
    /// <param name="score">S.</param>
    /// <param name="bias">b.</param>
    /// <param name="slope">dL/dγ: dL/dθ · (tuned − base).</param>
    public static double Gradient(bool isPatch, double score, double bias, double slope)
    {
        double sigmoid = Sigmoid(score - bias), gradient = slope * sigmoid * (1 - sigmoid);
        return isPatch ? -gradient : gradient;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
