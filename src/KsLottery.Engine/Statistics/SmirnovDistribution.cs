namespace KsLottery.Engine.Statistics;

/// <summary>The one-sided one-sample distribution: D+ = sup(F_n - F) of n uniform values.</summary>
/// <remarks>
/// Source: Z. W. Birnbaum and F. H. Tingey, "One-sided confidence contours for probability distribution functions" (1951):
/// P(D+ ≥ x) = x · sum over j of C(n, j) (x + j/n)^(j-1) (1 - x - j/n)^(n-j). Each term is x / (x + j/n) times a binomial
/// probability, computed by saddle point; all terms are positive.
/// </remarks>
internal static class SmirnovDistribution
{
    // Terms this far (in natural logarithms) below the largest cannot change the sum, however many there are.
    private const double Negligible = 60;

    /// <summary>P(D+ ≥ x); 1 for x ≤ 0 and 0 for x ≥ 1.</summary>
    public static TailProbability Survival(int n, double x)
    {
        if (n < 1 || double.IsNaN(x)) return TailProbability.Undefined;
        if (x <= 0) return TailProbability.One;
        if (x >= 1) return TailProbability.Zero;

        // The exponents are concave in j, so the sum runs from the largest term outwards until both sides are negligible; the factor
        // x / (x + j/n) varies too little to hide a second peak behind that limit.
        double shift = n * x;
        int last = (int)Math.Floor(n - shift);
        int peak = Peak(n, shift, last);
        double reference = LogTerm(n, peak, shift);
        double sum = 1;
        for (int j = peak + 1; j <= last && Add(LogTerm(n, j, shift)); j++) { }
        for (int j = peak - 1; j >= 0 && Add(LogTerm(n, j, shift)); j--) { }
        return TailProbability.FromLog(reference + Math.Log(sum));

        bool Add(double logTerm)
        {
            sum += Math.Exp(logTerm - reference);
            return logTerm > reference - Negligible;
        }
    }

    private static int Peak(int n, double shift, int last)
    {
        int low = 0, high = last;
        while (high - low > 2)
        {
            int third = (high - low) / 3;
            if (LogTerm(n, low + third, shift) < LogTerm(n, high - third, shift)) low += third;
            else high -= third;
        }
        return low + (high - low) / 2;
    }

    private static double LogTerm(int n, int j, double shift)
    {
        if (j == 0) return n * SaddlePoint.LogOnePlus(-shift / n);
        double mean = j + shift;
        double rest = n - j - shift;
        if (rest <= 0) return double.NegativeInfinity;
        return Math.Log(shift / mean)
            + 0.5 * Math.Log(n / (double.Tau * j * (n - j)))
            + SaddlePoint.StirlingError(n) - SaddlePoint.StirlingError(j) - SaddlePoint.StirlingError(n - j)
            - SaddlePoint.Deviance(j, mean, -shift) - SaddlePoint.Deviance(n - j, rest, shift);
    }
}
