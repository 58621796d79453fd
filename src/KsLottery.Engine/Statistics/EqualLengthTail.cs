using System.Diagnostics;

namespace KsLottery.Engine.Statistics;

/// <summary>The exact null tail of the two-sample statistic D = h / n for two samples of n values each.</summary>
/// <remarks>
/// <para>Source: B. V. Gnedenko and V. S. Korolyuk (1951); J. L. Hodges, "The significance probability of the Smirnov two-sample
/// test" (1958). With R(s) = C(2n, n-s) / C(2n, n): the one-sided tail is R(h), the two-sided tail
/// 2 (R(h) - R(2h) + R(3h) - ...).</para>
/// <para>Where p is near 1 that sum cancels. There the number of walks of 2n steps from 0 to 0 that stay between -h and h gives
/// 1 - p = 4^n / C(2n, n) · (2/h) · sum over odd j &lt; h of cos^2n(j pi / 2h): all terms positive, and only a few count.</para>
/// </remarks>
internal static class EqualLengthTail
{
    /// <summary>The probability of a count of at least h under the null hypothesis, 0 ≤ h ≤ n.</summary>
    public static TailProbability Of(int n, int h, KsAlternative alternative)
    {
        Debug.Assert(n >= 1 && h >= 0 && h <= n);
        if (h == 0) return TailProbability.One;
        if (alternative != KsAlternative.TwoSided) return TailProbability.FromLog(LogRatio(n, h));
        // At h² = 1.4 n the tail is near 1/2, and both forms are at their best.
        return (double)h * h < 1.4 * n ? TailProbability.FromComplement(Inside(n, h)) : AlternatingSum(n, h);
    }

    private static TailProbability AlternatingSum(int n, int h)
    {
        double first = LogRatio(n, h);
        double rest = 0;
        double sign = -1;
        for (long s = 2L * h; s <= n; s += h, sign = -sign)
        {
            double term = Math.Exp(LogRatio(n, (int)s) - first);
            rest += sign * term;
            if (term < 1e-18) break;
        }
        return TailProbability.FromLog(Math.Log(2) + first + SaddlePoint.LogOnePlus(rest));
    }

    private static double Inside(int n, int h)
    {
        double sum = 0;
        for (int j = 1; j < h; j += 2)
        {
            double sine = Math.Sin(j * Math.PI / (2.0 * h));
            double term = Math.Exp(n * SaddlePoint.LogOnePlus(-sine * sine));
            sum += term;
            if (term < sum * 1e-18) break;
        }
        double central = Math.Sqrt(Math.PI * n) * Math.Exp(2 * SaddlePoint.StirlingError(n) - SaddlePoint.StirlingError(2L * n));
        return central * sum * 2 / h;
    }

    /// <summary>ln R(s), 1 ≤ s ≤ n.</summary>
    private static double LogRatio(int n, int s)
    {
        double above = (double)n + s;
        double log = 2 * SaddlePoint.StirlingError(n) - SaddlePoint.StirlingError((long)n + s)
            - SaddlePoint.Deviance(n - s, n, -s) - SaddlePoint.Deviance(above, n, s);
        if (s == n) return log + 0.5 * Math.Log(Math.PI * n);
        return log - SaddlePoint.StirlingError(n - s) - 0.5 * SaddlePoint.LogOnePlus(-((double)s / n) * ((double)s / n));
    }
}
