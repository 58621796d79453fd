using System.Diagnostics;

namespace KsLottery.Engine.Statistics;

/// <summary>The two building blocks of factorial ratios that lose no digits to cancellation.</summary>
/// <remarks>
/// Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000). A factorial is
/// n! = sqrt(2 pi n) (n/e)^n exp(StirlingError(n)); the powers of a ratio of factorials collect into deviances, whose rounding error
/// is relative to the logarithm of the result and not to that of the factorials.
/// </remarks>
internal static class SaddlePoint
{
    private const int TableLength = 24;
    private static readonly double[] SmallErrors = BuildSmallErrors();

    /// <summary>ln n! - ln(sqrt(2 pi n) (n/e)^n) for n ≥ 1.</summary>
    public static double StirlingError(long n)
    {
        Debug.Assert(n >= 1);
        return n < TableLength ? SmallErrors[n] : StirlingSeries(n);
    }

    /// <summary>x ln(x / mean) + mean - x, given x - mean without its rounding error; x ≥ 0, mean > 0.</summary>
    public static double Deviance(double x, double mean, double difference)
    {
        if (x == 0) return mean;
        double v = difference / (x + mean);
        if (Math.Abs(v) > 0.3) return x * Math.Log(x / mean) - difference;

        // With v = (x - mean)/(x + mean): ln(x / mean) = 2 artanh v.
        double sum = difference * v;
        double power = 2 * x * v;
        for (int k = 3; ; k += 2)
        {
            power *= v * v;
            double next = sum + power / k;
            if (next == sum) return sum;
            sum = next;
        }
    }

    /// <summary>The logarithm of the Poisson probability of a count, given count - mean without its rounding error.</summary>
    public static double LogPoisson(long count, double mean, double difference) => count == 0
        ? -mean
        : -StirlingError(count) - Deviance(count, mean, difference) - 0.5 * Math.Log(double.Tau * count);

    /// <summary>ln(1 + x) with all digits for small x.</summary>
    /// <remarks>
    /// W. Kahan's correction: the rounding error of 1 + x cancels in the quotient. <see cref="double.LogP1(double)"/> only takes the
    /// logarithm of the rounded sum.
    /// </remarks>
    public static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * (x / (sum - 1));
    }

    private static double StirlingSeries(double n)
    {
        double r = 1 / (n * n);
        return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188))))) / n;
    }

    private static double[] BuildSmallErrors()
    {
        double[] errors = new double[TableLength];
        double error = StirlingSeries(TableLength);
        for (int n = TableLength - 1; n >= 1; n--)
            errors[n] = error += (n + 0.5) * LogOnePlus(1.0 / n) - 1;
        return errors;
    }
}
