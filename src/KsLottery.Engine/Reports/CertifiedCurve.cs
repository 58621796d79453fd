namespace KsLottery.Engine.Reports;

/// <summary>How many positions would be certified at every size of the Kolmogorov-Smirnov term, in the form of Cohen et al. (arXiv 1902.02918).</summary>
internal static class CertifiedCurve
{
    public const string Name = "certified-accuracy";

    private const int MostSteps = 400;
    private const double LargestHalf = 0.5;

    public static Figure Draw(IReadOnlyList<PositionMargin> positions)
    {
        const string Title = "Certified accuracy";
        SvgChart chart = new(Title, $"Share of {Digits.Count(positions.Count, "position")} at which half the margin exceeds each Kolmogorov-Smirnov term.",
            Axis.Linear("Kolmogorov-Smirnov term", 0, LargestHalf), Axis.Linear("share of positions", 0, 1));
        double[] all = [.. positions.Select(p => p.Margin / 2).Order()], correct = [.. positions.Where(p => p.IsCorrect).Select(p => p.Margin / 2).Order()];
        double[] places = [.. Enumerable.Range(0, MostSteps + 1).Select(i => chart.X.High * i / MostSteps)];
        NumberTable numbers = new("term", "share_certified", "share_certified_and_correct");
        (double X, double All, double Correct)[] curve = [.. places.Select(x => (x, Above(all, x, positions.Count), Above(correct, x, positions.Count)))];
        foreach ((double x, double share, double right) in curve) numbers.Add(Digits.Exact(x), Digits.Exact(share), Digits.Exact(right));
        chart.Steps(curve.Select(c => (c.X, c.All)), SvgChart.Color(0));
        chart.Steps(curve.Select(c => (c.X, c.Correct)), SvgChart.Color(2));
        chart.LegendLine("half the margin is above", SvgChart.Color(0));
        chart.LegendLine("and the token is the data's", SvgChart.Color(2));
        double[] bounds = [.. positions.Select(p => p.Bound).Where(double.IsFinite).Order()];
        if (bounds.Length > 0)
        {
            double middle = bounds[bounds.Length / 2];
            chart.RuleAtX(Math.Min(middle, chart.X.High), bounds[0] == bounds[^1] ? $"here {Digits.Real(middle)}" : $"here {Digits.Real(middle)} (median)", SvgChart.Color(1));
        }
        return new(Name, Title, "The share of target positions at which half the margin, the embed-tuned model's first probability less its second, exceeds a Kolmogorov-Smirnov term, as "
            + "certified accuracy is drawn by radius elsewhere. The dashed line is the term of this ticket: what the curves have there is certified.", chart, numbers);
    }

    private static double Above(double[] sorted, double value, int count)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] <= value) low = middle + 1;
            else high = middle;
        }
        return (double)(sorted.Length - low) / count;
    }
}
