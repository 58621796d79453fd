namespace KsLottery.Engine.Reports;

/// <summary>What the tickets of several α are worth: certified share, agreement, scores.</summary>
internal static class AlphaSweepChart
{
    public const string Name = "alpha-sweep";

    private const int MaxCurves = 6;
    private const string Agreement = "agreement", AgreementLow = "agreement_low", AgreementHigh = "agreement_high";

    public static Figure? Draw(IReadOnlyList<AlphaStep> sweep)
    {
        const string Title = "What each α is worth";
        string[] names = [.. sweep.SelectMany(s => s.Shares.Keys).Distinct()
            .Where(n => n == Agreement || n.EndsWith("_certified", StringComparison.Ordinal) || n == "certified").Take(MaxCurves)];
        if (names.Length == 0 || sweep.Count < 2) return null;
        SvgChart chart = new(Title, $"{string.Join(", ", names)} at {Digits.Count(sweep.Count)} levels.",
            Axis.Log("α", sweep[0].Alpha / 1.3, Math.Min(1, sweep[^1].Alpha)), Axis.Linear("share", 0, 1));
        NumberTable numbers = new(["alpha", "rows", .. names]);
        foreach (AlphaStep step in sweep)
            numbers.Add([Digits.Exact(step.Alpha), Digits.Exact(step.Rows),
                .. names.Select(n => Digits.Exact(step.Shares.GetValueOrDefault(n, double.NaN)))]);
        (double, double, double)[] band = [.. sweep.Where(s => s.Shares.ContainsKey(AgreementLow) && s.Shares.ContainsKey(AgreementHigh))
            .Select(s => (s.Alpha, s.Shares[AgreementLow], s.Shares[AgreementHigh]))];
        if (band.Length > 1) chart.Band(band, SvgChart.Color(Array.IndexOf(names, Agreement) is >= 0 and var at ? at : 0));
        // Lines that are the same everywhere are one line with both names: one would hide the other.
        foreach ((int i, IGrouping<string, string> same) in names.GroupBy(n => string.Join(' ', PointsOf(sweep, n))).Index())
        {
            string label = string.Join(" = ", same.Select(n => n.Replace('_', ' ')));
            string color = SvgChart.Color(Array.IndexOf(names, same.First()));
            (double Alpha, double Share)[] points = PointsOf(sweep, same.First());
            chart.Line(points, color, dash: i);
            foreach ((double alpha, double share) in points)
                chart.Dot(alpha, share, color, $"α = {Digits.Real(alpha)}: {label} {Digits.Real(share)}");
            chart.LegendLine(label, color, dash: i);
        }
        return new(Name, Title, $"From {Digits.Count(sweep[0].Rows, "row")} at α = {Digits.Real(sweep[0].Alpha)} to "
            + $"{Digits.Count(sweep[^1].Rows)} at {Digits.Real(sweep[^1].Alpha)}; each ticket holds all smaller ones.", chart, numbers);
    }

    private static (double Alpha, double Share)[] PointsOf(IReadOnlyList<AlphaStep> sweep, string name) =>
        [.. sweep.Where(s => double.IsFinite(s.Shares.GetValueOrDefault(name, double.NaN))).Select(s => (s.Alpha, s.Shares[name]))];
}
