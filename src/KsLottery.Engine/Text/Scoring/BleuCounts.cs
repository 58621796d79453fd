namespace KsLottery.Engine.Text.Scoring;

/// <summary>The sums over a corpus that BLEU is a function of (Papineni et al., 2002); order n stands at n-1.</summary>
internal sealed class BleuCounts(long[] matches, long[] totals)
{
    public BleuCounts(int orders) : this(new long[orders], new long[orders])
    {
    }

    public long[] Matches => matches;

    public long[] Totals => totals;

    public long HypothesisLength { get; set; }

    public long ReferenceLength { get; set; }

    public void Add(BleuCounts other)
    {
        for (int n = 0; n < Matches.Length; n++)
        {
            Matches[n] += other.Matches[n];
            Totals[n] += other.Totals[n];
        }
        HypothesisLength += other.HypothesisLength;
        ReferenceLength += other.ReferenceLength;
    }

    /// <summary>The score of these sums, with sacreBLEU's smoothing.</summary>
    public BleuScore ToScore(BleuOptions options, string signature)
    {
        double penalty = HypothesisLength >= ReferenceLength ? 1
            : HypothesisLength == 0 ? 0
            : Math.Exp(1 - (double)ReferenceLength / HypothesisLength);
        double[] precisions = new double[Matches.Length];
        // Smoothing is for orders without a match, not for hypotheses without one.
        if (!Matches.AsSpan().ContainsAnyExcept(0)) return new BleuScore(0, penalty, precisions, this, signature);

        int orders = Matches.Length;
        double halving = 1;
        for (int n = 0; n < precisions.Length; n++)
        {
            double added = options.Smoothing == BleuSmoothing.AddK && n > 0 ? options.EffectiveSmoothingValue : 0;
            double matches = Matches[n] + added, total = Totals[n] + added;
            if (total == 0) break;
            if (options.EffectiveOrder) orders = n + 1;
            if (matches == 0)
            {
                matches = options.Smoothing switch
                {
                    BleuSmoothing.Exponential => halving /= 2,
                    BleuSmoothing.Floor => options.EffectiveSmoothingValue,
                    _ => 0,
                };
            }
            precisions[n] = 100 * matches / total;
        }

        double logs = 0;
        foreach (double precision in precisions.AsSpan(0, orders)) logs += Math.Log(precision);
        return new BleuScore(penalty * Math.Exp(logs / orders), penalty, precisions, this, signature);
    }
}
