using System.Numerics;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tests.Statistics;

/// <summary>Every exact p-value of some widths against whole numbers: the set that README's figure belongs to.</summary>
internal sealed class RationalNullTests
{
    /// <summary>What README says of the widths below.</summary>
    private const double Stated = 5e-13;

    private static readonly int[] Widths = [.. Enumerable.Range(1, 64), 100, 768, 1000, 1024, 2048, 3072, 4096, 5120, 8192];

    [Test]
    public void Every_p_value_holds_as_README_says()
    {
        double worst = 0;
        string where = "";
        int count = 0;
        foreach (int n in Widths)
        {
            NullDistribution table = NullDistribution.ForEqualLengths(n, KsMethod.Exact);
            BigInteger[] paths = Paths(n);
            for (int h = 1; h <= n; h++)
            {
                double expected = P(paths, h), actual = table.PValue(h);
                if (expected < 1e-300) break;
                double error = Math.Abs(actual - expected) / expected;
                count++;
                if (error <= worst) continue;
                (worst, where) = (error, $"p({n}, {h})");
            }
        }
        TestContext.Out.WriteLine($"{count} p-values, largest relative error {worst:e1} at {where}");
        Assert.That(count, Is.GreaterThan(10_000));
        Assert.That(worst <= Stated, Is.True, $"{worst} at {where}");
    }

    /// <summary>C(2n, n - j) for j from 0 to n.</summary>
    private static BigInteger[] Paths(int n)
    {
        BigInteger[] paths = new BigInteger[n + 1];
        paths[n] = 1;
        for (int j = n; j > 0; j--) paths[j - 1] = paths[j] * (n + j) / (n - j + 1);
        return paths;
    }

    /// <summary>P(D ≥ h/n) = 2·Σ (-1)^(k+1)·C(2n, n - k·h)/C(2n, n) by the reflection principle (Gnedenko and Korolyuk, 1951).</summary>
    private static double P(BigInteger[] paths, int h)
    {
        BigInteger sum = 0;
        for (int k = 1; k * h < paths.Length; k++) sum += k % 2 == 1 ? paths[k * h] : -paths[k * h];
        // 64 bits of the quotient, whatever its size.
        int shift = Math.Max(0, 64 - (int)(sum.GetBitLength() - paths[0].GetBitLength()));
        return Math.ScaleB((double)((2 * sum << shift) / paths[0]), -shift);
    }
}
