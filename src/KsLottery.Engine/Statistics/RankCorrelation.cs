namespace KsLottery.Engine.Statistics;

/// <summary>Spearman's rank correlation.</summary>
internal static class RankCorrelation
{
    /// <summary>ρ of pairs: Pearson's correlation of their ranks, tied values having the mean of theirs, as SciPy's
    /// <c>spearmanr</c>.</summary>
    /// <param name="x">One value of each pair, finite.</param>
    /// <param name="y">The other.</param>
    /// <returns>-1 to 1; NaN for fewer than two pairs, or where all values of a side are the same.</returns>
    /// <exception cref="ArgumentException">The numbers differ, or a value is NaN.</exception>
    public static double Spearman(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"{x.Length} values on one side, {y.Length} on the other: give pairs.", nameof(y));
        double[] a = Ranks(x), b = Ranks(y);
        double mean = (x.Length + 1) / 2.0, both = 0, ofA = 0, ofB = 0;
        for (int i = 0; i < a.Length; i++)
        {
            both += (a[i] - mean) * (b[i] - mean);
            ofA += (a[i] - mean) * (a[i] - mean);
            ofB += (b[i] - mean) * (b[i] - mean);
        }
        // 0 / 0 of fewer than two pairs and of a side whose ranks are all the mean.
        return both / Math.Sqrt(ofA * ofB);
    }

    /// <summary>Ranks from 1; tied values have the mean of theirs.</summary>
    private static double[] Ranks(ReadOnlySpan<double> values)
    {
        double[] sorted = [.. values], ranks = new double[values.Length];
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(sorted, order);
        if (sorted.Length > 0 && double.IsNaN(sorted[0]))
            throw new ArgumentException("a value is NaN, which has no rank. Leave its pair out.", nameof(values));
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start]) end++;
            for (int i = start; i < end; i++) ranks[order[i]] = (start + end + 1) / 2.0;
        }
        return ranks;
    }
}
