using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Statistics;

/// <summary>Corrections for many tests, on the decimal logarithms of p-values, so that nothing underflows.</summary>
public static class MultipleTesting
{
    /// <summary>Writes the adjusted decimal logarithm of every p-value; a test is significant when that is below log10 of alpha.</summary>
    /// <param name="log10P">The decimal logarithms, one per test, each at most 0; NaN for a row without a test.</param>
    /// <param name="adjustment">The correction.</param>
    /// <param name="adjustedLog10P">The adjusted logarithms in the same order and of the same length; may be the same memory.</param>
    /// <remarks>
    /// NaN stays NaN and is not counted among the m tests. Results are at most 0 (p = 1), keep the order of the p-values, and are equal
    /// for equal p-values. With p(1) ≤ ... ≤ p(m): Bonferroni m p; Holm max over j ≤ i of (m - j + 1) p(j); Benjamini-Hochberg min over
    /// j ≥ i of m p(j) / j. Holm and Benjamini-Hochberg sort: they borrow 12 bytes a test from the array pool, the others nothing.
    /// </remarks>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A logarithm is above 0, or the adjustment is not a value of its
    /// enumeration.</exception>
    public static void Adjust(ReadOnlySpan<double> log10P, PValueAdjustment adjustment, Span<double> adjustedLog10P)
    {
        if (adjustedLog10P.Length != log10P.Length)
        {
            throw new ArgumentException(
                $"There are {log10P.Length} p-values and room for {adjustedLog10P.Length} adjusted ones; pass spans of one length.",
                nameof(adjustedLog10P));
        }
        int tests = CountTests(log10P);
        switch (adjustment)
        {
            case PValueAdjustment.None:
                log10P.CopyTo(adjustedLog10P);
                break;
            case PValueAdjustment.Bonferroni:
                double factor = Math.Log10(tests);
                for (int i = 0; i < log10P.Length; i++) adjustedLog10P[i] = Math.Min(0, log10P[i] + factor);
                break;
            case PValueAdjustment.Holm:
            case PValueAdjustment.BenjaminiHochberg:
                AdjustSorted(log10P, tests, adjustment, adjustedLog10P);
                break;
            default:
                throw new ArgumentOutOfRangeException(
                    nameof(adjustment), adjustment, "Allowed adjustments: None, Bonferroni, Holm, BenjaminiHochberg.");
        }
    }

    private static int CountTests(ReadOnlySpan<double> log10P)
    {
        int tests = 0;
        for (int i = 0; i < log10P.Length; i++)
        {
            if (log10P[i] > 0)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(log10P), log10P[i], $"The value at index {i} is above 0 and so the logarithm of no probability.");
            }
            if (!double.IsNaN(log10P[i])) tests++;
        }
        return tests;
    }

    private static void AdjustSorted(ReadOnlySpan<double> log10P, int tests, PValueAdjustment adjustment, Span<double> adjusted)
    {
        using SpanOwner<double> sortedBuffer = SpanOwner<double>.Allocate(tests);
        using SpanOwner<int> indexBuffer = SpanOwner<int>.Allocate(tests);
        Span<double> sorted = sortedBuffer.Span;
        Span<int> indices = indexBuffer.Span;
        for (int i = 0, k = 0; i < log10P.Length; i++)
        {
            adjusted[i] = log10P[i];
            if (double.IsNaN(log10P[i])) continue;
            sorted[k] = log10P[i];
            indices[k++] = i;
        }
        sorted.Sort(indices);

        // The running extremes also give equal p-values one result, whatever order the sort left them in.
        double extreme = adjustment == PValueAdjustment.Holm ? double.NegativeInfinity : 0;
        if (adjustment == PValueAdjustment.Holm)
        {
            for (int k = 0; k < tests; k++)
                adjusted[indices[k]] = extreme = Math.Max(extreme, Math.Min(0, sorted[k] + Math.Log10(tests - k)));
        }
        else
        {
            for (int k = tests - 1; k >= 0; k--)
                adjusted[indices[k]] = extreme = Math.Min(extreme, sorted[k] + Math.Log10((double)tests / (k + 1)));
        }
    }
}
