namespace KsLottery.Engine.Reports;

/// <summary>p against how often a token occurs in some data.</summary>
internal static class RowsByFrequency
{
    public const string Name = "p-vs-frequency";

    /// <summary>Where tokens stand that never occur: a logarithm has no place for 0.</summary>
    private const double Never = 0.4;

    public static Figure Draw(TestedRows rows, IReadOnlyList<long> occurrences)
    {
        const string Title = "Is it only frequency?";
        double correlation =
            RankCorrelation([.. rows.Counts.Index().Where(c => c.Item >= 0).Select(c => ((double)c.Item, (double)occurrences[c.Index]))]);
        Axis x = Axis.Log("occurrences in the data, tokens", Never * 0.8, Math.Max(10, occurrences.Max())).WithTick(Never, "0");
        SvgChart chart = new(Title, "−log₁₀ p of each row against the occurrences of its token; rank correlation "
            + $"{Digits.Fixed(correlation, 2)}.", x, RowCloud.Probabilities(rows));
        string named = RowCloud.Draw(chart, rows, id => Math.Max(Never, occurrences[id]));
        NumberTable numbers = new("token_id", "occurrences", "h", "log10_p");
        for (int id = 0; id < rows.Counts.Count; id++)
            if (rows.Counts[id] is >= 0 and var h)
                numbers.Add(Digits.Exact(id), Digits.Exact(occurrences[id]), Digits.Exact(h), Digits.Exact(rows.Null.Log10PValue(h)));
        return new(Name, Title, "Every row by how often its token occurs in the data, which hold "
            + $"{Digits.Count(occurrences.Sum(), "token")}. Spearman’s rank correlation between h and occurrences is "
            + $"{Digits.Fixed(correlation, 2)}: near 1, a list of frequent tokens would do as well as the test.{named}", chart, numbers);
    }

    /// <summary>Spearman's correlation: Pearson's of the ranks, where equal values share the mean of their ranks; NaN where one side is
    /// constant.</summary>
    internal static double RankCorrelation(IReadOnlyList<(double X, double Y)> pairs)
    {
        double[] x = Ranks([.. pairs.Select(p => p.X)]), y = Ranks([.. pairs.Select(p => p.Y)]);
        double mean = (pairs.Count + 1) / 2.0, product = 0, squareX = 0, squareY = 0;
        for (int i = 0; i < x.Length; i++)
        {
            product += (x[i] - mean) * (y[i] - mean);
            squareX += (x[i] - mean) * (x[i] - mean);
            squareY += (y[i] - mean) * (y[i] - mean);
        }
        return product / Math.Sqrt(squareX * squareY);
    }

    private static double[] Ranks(double[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort([.. values], order);
        double[] ranks = new double[values.Length];
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start + 1; end < order.Length && values[order[end]] == values[order[start]];) end++;
            for (int i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2.0;
        }
        return ranks;
    }
}
