namespace KsLottery.Engine.Reports;

/// <summary>How many positions would be certified at every size of the Kolmogorov-Smirnov term, in the form of Cohen et al. (arXiv 1902.02918).</summary>
internal static class CertifiedCurve
{
    public const string Name = "certified-accuracy";

    private const int MostSteps = 400;

    public static Figure Draw(IReadOnlyList<PositionMargin> positions)
    {
        const string Title = "Certified accuracy";
        double most = Math.Max(1e-3, positions.Max(p => Math.Max(p.Margin, 0)));
        SvgChart chart = new(Title, $"Share of {Digits.Count(positions.Count, "position")} whose margin exceeds each bound.",
            Axis.Linear("bound that the margin must exceed", 0, Math.Min(1, Math.Max(most, positions.Where(p => p.Bound < 1).Select(p => p.Bound).DefaultIfEmpty().Max() * 1.1))),
            Axis.Linear("share of positions", 0, 1));
        double[] all = [.. positions.Select(p => p.Margin).Order()], correct = [.. positions.Where(p => p.IsCorrect).Select(p => p.Margin).Order()];
        double[] places = [.. Enumerable.Range(0, MostSteps + 1).Select(i => chart.X.High * i / MostSteps)];
        NumberTable numbers = new("bound", "share_certified", "share_certified_and_correct");
        (double X, double All, double Correct)[] curve = [.. places.Select(x => (x, Above(all, x, positions.Count), Above(correct, x, positions.Count)))];
        foreach ((double x, double share, double right) in curve) numbers.Add(Digits.Exact(x), Digits.Exact(share), Digits.Exact(right));
        chart.Steps(curve.Select(c => (c.X, c.All)), SvgChart.Color(0));
        chart.Steps(curve.Select(c => (c.X, c.Correct)), SvgChart.Color(2));
        chart.LegendLine("margin above the bound", SvgChart.Color(0));
        chart.LegendLine("and the token is the data's", SvgChart.Color(2));
        double[] bounds = [.. positions.Select(p => p.Bound).Where(double.IsFinite).Order()];
        if (bounds.Length > 0)
        {
            double middle = bounds[bounds.Length / 2];
            chart.RuleAtX(Math.Min(middle, chart.X.High), bounds[0] == bounds[^1] ? $"bound {Digits.Real(middle)}" : $"median bound {Digits.Real(middle)}", SvgChart.Color(1));
        }
        return new(Name, Title, "The share of target positions at which the embed-tuned model's margin, its first token's probability less its second's, exceeds a bound. What is certified "
            + "at the bound of this ticket, left of which the curve is cut, is agreement with the embed-tuned model under the stated assumptions: not that a translation is good.", chart, numbers);
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
