namespace KsLottery.Engine.Text.Scoring;

/// <summary>The sums that chrF is a function of: n-grams of both texts and their matches, orders of characters first.</summary>
internal sealed class ChrfCounts(int orders)
{
    private const double Epsilon = 1e-16;

    public long[] Hypothesis { get; } = new long[orders];

    public long[] Reference { get; } = new long[orders];

    public long[] Matches { get; } = new long[orders];

    public void Clear()
    {
        Array.Clear(Hypothesis);
        Array.Clear(Reference);
        Array.Clear(Matches);
    }

    public void Add(ChrfCounts other)
    {
        for (int n = 0; n < Matches.Length; n++)
        {
            Hypothesis[n] += other.Hypothesis[n];
            Reference[n] += other.Reference[n];
            Matches[n] += other.Matches[n];
        }
    }

    /// <summary>F of these sums, 0 to 100.</summary>
    public double Score(ChrfOptions options)
    {
        double weight = (double)options.Beta * options.Beta;
        double scores = 0, precisions = 0, recalls = 0;
        int effectiveOrders = 0;
        for (int n = 0; n < Matches.Length; n++)
        {
            double precision = Hypothesis[n] > 0 ? (double)Matches[n] / Hypothesis[n] : Epsilon;
            double recall = Reference[n] > 0 ? (double)Matches[n] / Reference[n] : Epsilon;
            double divisor = weight * precision + recall;
            scores += divisor > 0 ? (1 + weight) * precision * recall / divisor : Epsilon;
            if (Hypothesis[n] == 0 || Reference[n] == 0) continue;
            precisions += precision;
            recalls += recall;
            effectiveOrders++;
        }
        if (options.EpsilonSmoothing) return 100 * scores / Matches.Length;
        if (precisions + recalls == 0) return 0;
        (precisions, recalls) = (precisions / effectiveOrders, recalls / effectiveOrders);
        return 100 * (1 + weight) * precisions * recalls / (weight * precisions + recalls);
    }
}
