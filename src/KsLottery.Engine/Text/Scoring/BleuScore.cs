using System.Globalization;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>A BLEU score and what it was made of.</summary>
/// <remarks>Entry n-1 of each list belongs to the n-grams of order n.</remarks>
public sealed class BleuScore
{
    internal BleuScore(double score, double brevityPenalty, double[] precisions, BleuCounts counts, string signature)
    {
        (Score, BrevityPenalty, Precisions, Signature) = (score, brevityPenalty, precisions, signature);
        (Matches, Totals) = (counts.Matches, counts.Totals);
        (HypothesisLength, ReferenceLength) = (counts.HypothesisLength, counts.ReferenceLength);
    }

    /// <summary>BLEU, 0 to 100.</summary>
    public double Score { get; }

    /// <summary>The factor for hypotheses shorter than their references, 0 to 1.</summary>
    public double BrevityPenalty { get; }

    /// <summary>The smoothed precisions in percent; 0 in all orders where no token matches.</summary>
    public IReadOnlyList<double> Precisions { get; }

    /// <summary>The n-grams that a reference has too, before smoothing.</summary>
    public IReadOnlyList<long> Matches { get; }

    /// <summary>The n-grams of the hypotheses, before smoothing.</summary>
    public IReadOnlyList<long> Totals { get; }

    /// <summary>The tokens of the hypotheses.</summary>
    public long HypothesisLength { get; }

    /// <summary>The tokens of the references, of several the one nearest in length.</summary>
    public long ReferenceLength { get; }

    /// <summary>What the score depends on: <c>BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:…|impl:kslottery</c>.</summary>
    public string Signature { get; }

    /// <summary>One line in sacreBLEU's form: signature, score, precisions, brevity penalty and lengths.</summary>
    public override string ToString()
    {
        double ratio = ReferenceLength == 0 ? 0 : (double)HypothesisLength / ReferenceLength;
        string precisions = string.Join('/', Precisions.Select(p => p.ToString("F1", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture,
            $"{Signature} = {Score:F2} {precisions} (BP = {BrevityPenalty:F3} ratio = {ratio:F3} " +
            $"hyp_len = {HypothesisLength} ref_len = {ReferenceLength})");
    }
}
