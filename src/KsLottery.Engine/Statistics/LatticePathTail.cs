using System.Diagnostics;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Statistics;

/// <summary>The exact null tail of the two-sample statistic for samples of any two lengths.</summary>
/// <remarks>
/// <para>Without ties every order of the pooled values is one lattice path from (0, 0) to (n, m), all equally likely. With g = gcd(n, m)
/// the statistic is h / lcm(n, m), where h is the largest |i m/g - j n/g| on the path. Let P(i, j) be the probability that a path which
/// ends at (i, j) has reached h. P = 1 where that point itself does, else P(i, j) = (i P(i-1, j) + j P(i, j-1)) / (i + j).</para>
/// <para>Source: J. L. Hodges (1958), in the complementary form of T. Viehmann, "Numerically more stable computation of the p-values for
/// the two-sample Kolmogorov-Smirnov test" (2021): only averages of positive numbers, so that a p of 1e-300 is as exact as one of 0.5.
/// Time is n m, memory min(n, m).</para>
/// </remarks>
internal static class LatticePathTail
{
    // Below this a double runs out of exponent on the way, and the slower recursion with extended exponents takes over.
    private const double MinPlain = 1e-290;
    private const double Scale = 1.3407807929942597e154; // 2^512
    private const double InverseScale = 1 / Scale;

    /// <summary>The probability of reaching h steps of 1 / lcm(n, m), where h ≤ lcm(n, m).</summary>
    public static TailProbability Of(int n, int m, long h, KsAlternative alternative)
    {
        Debug.Assert(n >= 1 && m >= 1);
        if (h <= 0) return TailProbability.One;
        // Turning every path around exchanges the two directions, so both one-sided tails are equal, as are those of (n, m) and (m, n).
        Band band = new(Math.Max(n, m), Math.Min(n, m), h, alternative == KsAlternative.TwoSided);
        double p = Plain(band);
        return p >= MinPlain ? TailProbability.FromValue(p) : Extended(band);
    }

    private static double Plain(Band band)
    {
        using SpanOwner<double> rented = SpanOwner<double>.Allocate(band.Columns + 1);
        Span<double> row = rented.Span;
        band.Column(0, out int first, out int last);
        row[..(last + 1)].Clear();
        row[(last + 1)..].Fill(1);
        for (int i = 1; i <= band.Rows; i++)
        {
            int before = first;
            band.Column(i, out first, out last);
            if (first > before) row[before..first].Fill(1);
            double left = first > 0 ? 1 : 0;
            for (int j = first; j <= last; j++)
            {
                // Two multiplications by a reciprocal keep the division off the chain from one column to the next.
                double inverse = 1.0 / (i + j);
                left = Math.FusedMultiplyAdd(j * inverse, left, i * inverse * row[j]);
                row[j] = left;
            }
        }
        return row[band.Columns];
    }

    /// <summary>As <see cref="Plain"/>, each value being a double times 2^512 to a power of its own.</summary>
    private static TailProbability Extended(Band band)
    {
        double[] row = new double[band.Columns + 1];
        int[] powers = new int[band.Columns + 1];
        band.Column(0, out int first, out int last);
        row.AsSpan(last + 1).Fill(1);
        for (int i = 1; i <= band.Rows; i++)
        {
            int before = first;
            band.Column(i, out first, out last);
            for (int j = before; j < first; j++) (row[j], powers[j]) = (1, 0);
            (double left, int leftPower) = (first > 0 ? 1 : 0, 0);
            for (int j = first; j <= last; j++)
            {
                double inverse = 1.0 / (i + j);
                (left, leftPower) = Add(j * inverse * left, leftPower, i * inverse * row[j], powers[j]);
                (row[j], powers[j]) = (left, leftPower);
            }
        }
        return TailProbability.FromLog(Math.Log(row[band.Columns]) + powers[band.Columns] * 512 * Math.Log(2));
    }

    private static (double Value, int Power) Add(double a, int aPower, double b, int bPower)
    {
        // A zero has no power of its own, so it may not stand first.
        if (a == 0 || (b != 0 && aPower < bPower)) (a, aPower, b, bPower) = (b, bPower, a, aPower);
        double sum = b == 0 || aPower - bPower > 1 ? a : aPower == bPower ? a + b : a + b * InverseScale;
        // Values stay within 2^-256 and 2^256, far from both ends of a double.
        return sum < 1 / 1.157920892373162e77 ? (sum * Scale, aPower - 1) : (sum, aPower);
    }

    /// <summary>The points (row i, column j) at which a path has not reached h.</summary>
    private readonly struct Band(int rows, int columns, long h, bool twoSided)
    {
        private readonly long _rowStep = columns / Gcd(rows, columns);
        private readonly long _columnStep = rows / Gcd(rows, columns);

        public int Rows => rows;
        public int Columns => columns;

        /// <summary>The first and last column of a row's band: |i rowStep - j columnStep| &lt; h, one-sided without bars.</summary>
        public void Column(int i, out int first, out int last)
        {
            long reach = i * _rowStep - h;
            first = reach < 0 ? 0 : (int)(reach / _columnStep) + 1;
            last = twoSided ? (int)Math.Min(columns, (i * _rowStep + h - 1) / _columnStep) : columns;
        }
    }

    /// <summary>The greatest common divisor.</summary>
    public static int Gcd(int a, int b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
