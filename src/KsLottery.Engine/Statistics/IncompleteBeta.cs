namespace KsLottery.Engine.Statistics;

/// <summary>The regularised incomplete beta function at whole numbers: tails of the binomial distribution.</summary>
/// <remarks>
/// The continued fraction DLMF 8.17.22 by the modified method of Lentz (Thompson and Barnett 1986), behind a factor that is a binomial
/// probability by Loader's saddle point, so that nothing cancels however many trials there are.
/// </remarks>
internal static class IncompleteBeta
{
    // Stands for a zero in Lentz's method, whose quotients must not divide by one.
    private const double Smallest = 1e-300;
    private const int MaxTerms = 1 << 20;

    /// <summary>
    /// I_x(a, b) and what it lacks to 1, for a, b ≥ 1: the probabilities of a successes or more, and of fewer, among a + b - 1 trials that
    /// succeed with x each. The smaller keeps all digits.
    /// </summary>
    public static (double AtLeast, double Fewer) Tails(double x, long a, long b)
    {
        if (x <= 0) return (0, 1);
        if (x >= 1) return (1, 0);
        bool isLower = x <= (a + 1.0) / (a + b + 2.0);
        double tail = isLower ? Tail(x, 1 - x, a, b) : Tail(1 - x, x, b, a);
        return isLower ? (tail, 1 - tail) : (1 - tail, tail);
    }

    /// <summary>The side where the fraction converges fast, y being 1 - x.</summary>
    private static double Tail(double x, double y, double a, double b)
    {
        double c = 1, d = 1 / NotZero(1 - ((a + b) * x / (a + 1))), fraction = d;
        for (int m = 1; m < MaxTerms; m++)
        {
            double even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / NotZero(1 + (even * d));
            c = NotZero(1 + (even / c));
            fraction *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / NotZero(1 + (odd * d));
            c = NotZero(1 + (odd / c));
            double factor = d * c;
            fraction *= factor;
            if (Math.Abs(factor - 1) < 1e-16) break;
        }
        return Probability((long)a, (long)(a + b - 1), x, y) * y * fraction;
    }

    /// <summary>The probability of exactly k successes among n trials.</summary>
    private static double Probability(long k, long n, double x, double y)
    {
        if (k == n) return Math.Exp(n * Math.Log(x));
        double difference = Math.FusedMultiplyAdd(-n, x, k);
        return Math.Exp(SaddlePoint.StirlingError(n) - SaddlePoint.StirlingError(k) - SaddlePoint.StirlingError(n - k)
            - SaddlePoint.Deviance(k, n * x, difference) - SaddlePoint.Deviance(n - k, n * y, -difference))
            * Math.Sqrt(n / (double.Tau * k * (n - k)));
    }

    private static double NotZero(double value) => Math.Abs(value) < Smallest ? Smallest : value;
}
