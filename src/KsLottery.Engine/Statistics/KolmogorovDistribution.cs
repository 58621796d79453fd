namespace KsLottery.Engine.Statistics;

/// <summary>The two-sided one-sample distribution: D_n = sup|F_n - F| of n uniform values, and its limit.</summary>
/// <remarks>
/// <para>This is what SciPy's <c>kstwo</c> computes, for which R. Simard and P. L'Ecuyer ("Computing the two-sided Kolmogorov-Smirnov
/// distribution", 2011) list the usual methods. The division of the plane is theirs, the methods partly are not: beyond n = 140 the
/// usual Pelz-Good expansion is right to 5 or 6 digits, and <see cref="KolmogorovExpansion"/> is right to 12.</para>
/// <list type="bullet">
/// <item>x ≤ 1/2n: D_n is never smaller, the survival is 1. x ≥ 1: it is 0.</item>
/// <item>n x² ≥ 6.5 or x ≥ 1/2: a path cannot (or, below 1e-17 of the tail, does not) leave on both sides, so the tail is twice the
/// one-sided one.</item>
/// <item>n ≤ 200 or n x &lt; 16: <see cref="KolmogorovBridge"/>, exact, 50 n² x steps or so.</item>
/// <item>Elsewhere <see cref="KolmogorovExpansion"/>, some dozens of terms whatever n.</item>
/// </list>
/// </remarks>
internal static class KolmogorovDistribution
{
    // Where the bridge takes longer than the expansion, and where the expansion's two roots are enough: e^-2·16 is nothing beside 1e-12.
    private const int LargestBridge = 200;
    private const double MinExpansionShift = 16;
    private const double OneSidedSquare = 6.5;

    /// <summary>P(D_n ≥ x), to about 1e-12 relative; NaN for n &lt; 1.</summary>
    public static TailProbability Survival(int n, double x)
    {
        if (n < 1 || double.IsNaN(x)) return TailProbability.Undefined;
        double shift = n * x;
        if (shift <= 0.5) return TailProbability.One;
        if (x >= 1) return TailProbability.Zero;

        double square = shift * x;
        bool expands = n > LargestBridge && shift >= MinExpansionShift;
        if (square >= OneSidedSquare || x >= 0.5)
        {
            if (expands && x <= KolmogorovExpansion.LargestTailDistance) return KolmogorovExpansion.Survival(n, x);
            TailProbability side = SmirnovDistribution.Survival(n, x);
            return new TailProbability(2 * side.Value, side.Log10 + Math.Log10(2));
        }
        // Below this the distribution function is under 1e-18, and 1 minus it is 1.
        if (square < 0.028) return TailProbability.One;
        if (!expands) return TailProbability.FromValue(KolmogorovBridge.Outside(n, x));
        return square >= 0.81 ? KolmogorovExpansion.Survival(n, x) : TailProbability.FromComplement(KolmogorovExpansion.Distribution(n, x));
    }

    /// <summary>P(D_n &lt; x), to about 1e-12 relative; NaN for n &lt; 1.</summary>
    public static double Distribution(int n, double x)
    {
        if (n < 1 || double.IsNaN(x)) return double.NaN;
        double shift = n * x;
        if (shift <= 0.5) return 0;
        if (shift * x >= 0.81 || x >= 0.5) return 1 - Survival(n, x).Value;
        return n > LargestBridge && shift >= MinExpansionShift ? KolmogorovExpansion.Distribution(n, x) : KolmogorovBridge.Inside(n, x);
    }

    /// <summary>The limit of P(sqrt(n) D_n ≥ y) for large n.</summary>
    /// <remarks>A. N. Kolmogorov (1933), by whichever of its two theta series converges at once.</remarks>
    public static TailProbability LimitSurvival(double y)
    {
        if (double.IsNaN(y)) return TailProbability.Undefined;
        if (y <= 0) return TailProbability.One;
        double sum = 0;
        if (y < 1)
        {
            for (int k = 1; k < 20; k += 2)
                sum += Math.Exp(-k * k * (Math.PI * Math.PI) / (8 * y * y));
            return TailProbability.FromComplement(Math.Sqrt(double.Tau) / y * sum);
        }
        for (int k = 2; k < 10; k++)
            sum += (k % 2 == 0 ? -1 : 1) * Math.Exp(-2 * (k * k - 1) * y * y);
        return TailProbability.FromLog(Math.Log(2) - 2 * y * y + SaddlePoint.LogOnePlus(sum));
    }
}
