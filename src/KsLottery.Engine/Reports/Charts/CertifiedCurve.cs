using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Reports;

/// <summary>How many positions would be certified at every size of the Kolmogorov-Smirnov term, in the form of Cohen et al. (arXiv
/// 1902.02918).</summary>
internal static class CertifiedCurve
{
    public const string Name = "certified-accuracy";

    private const int MaxSteps = 400;
    private const double LargestHalf = 0.5;

    public static Figure Draw(IReadOnlyList<PositionMargin> positions)
    {
        const string Title = "Certified accuracy";
        SvgChart chart = new(Title,
            $"Share of {Digits.Count(positions.Count, "position")} at which half the margin exceeds each Kolmogorov-Smirnov term.",
            Axis.Linear("Kolmogorov-Smirnov term", 0, LargestHalf), Axis.Linear("share of positions", 0, 1));
        double[] places = [.. Enumerable.Range(0, MaxSteps + 1).Select(i => chart.X.High * i / MaxSteps)];
        Share[] all = Shares(positions, places, positions.Count);
        Share[] correct = Shares(positions.Where(p => p.IsCorrect), places, positions.Count);
        NumberTable numbers = new("term", "share_certified", "share_certified_low", "share_certified_high",
            "share_certified_and_correct", "share_certified_and_correct_low", "share_certified_and_correct_high");
        foreach ((int i, double x) in places.Index())
            numbers.Add(Digits.Exact(x), Digits.Exact(all[i].Value), Digits.Exact(all[i].Interval.Low), Digits.Exact(all[i].Interval.High),
                Digits.Exact(correct[i].Value), Digits.Exact(correct[i].Interval.Low), Digits.Exact(correct[i].Interval.High));
        foreach ((Share[] shares, int color) in ((Share[], int)[])[(all, 0), (correct, 2)])
            chart.Band([.. places.Zip(shares, (x, s) => (x, s.Interval.Low, s.Interval.High))], SvgChart.Color(color));
        chart.Steps(places.Zip(all, (x, s) => (x, s.Value)), SvgChart.Color(0));
        chart.Steps(places.Zip(correct, (x, s) => (x, s.Value)), SvgChart.Color(2));
        chart.LegendLine("half the margin is above", SvgChart.Color(0));
        chart.LegendLine("and the token is the data’s", SvgChart.Color(2));
        double[] bounds = [.. positions.Select(p => p.Bound).Where(double.IsFinite).Order()];
        if (bounds.Length > 0)
        {
            double middle = bounds[bounds.Length / 2];
            string name = $"here {Digits.Real(middle)}{(bounds[0] == bounds[^1] ? "" : " (median)")}";
            chart.RuleAtX(Math.Min(middle, chart.X.High), name, SvgChart.Color(1));
        }
        return new(Name, Title, "The share of target positions at which half the margin, the embed-tuned model’s first probability less "
            + "its second, exceeds a Kolmogorov-Smirnov term, as certified accuracy is drawn by radius elsewhere. The dashed line is the "
            + "term of this ticket: what the curves have there is certified. The bands are 95 % intervals of Clopper and Pearson, of each "
            + "place alone, as if the positions were independent; those of one sentence are not.", chart, numbers);
    }

    /// <summary>The share of all positions, however many are given, at which half the margin is above each place.</summary>
    private static Share[] Shares(IEnumerable<PositionMargin> positions, double[] places, int count)
    {
        double[] sorted = [.. positions.Select(p => p.Margin / 2).Order()];
        Dictionary<int, Share> known = [];
        return [.. places.Select(x =>
        {
            int above = Above(sorted, x);
            if (!known.TryGetValue(above, out Share share))
                known.Add(above, share = new((double)above / count, BinomialInterval.ClopperPearson(above, count)));
            return share;
        })];
    }

    private static int Above(double[] sorted, double value)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] <= value) low = middle + 1;
            else high = middle;
        }
        return sorted.Length - low;
    }

    private readonly record struct Share(double Value, BinomialInterval Interval);
}
