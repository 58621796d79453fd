using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>What a model loses by pruning: loss and score against sparsity, with their knees.</summary>
internal static class SparsityCurve
{
    public const string Name = "sparsity-sweep", ScoreName = "sparsity-score";

    public static IEnumerable<Figure?> Draw(IReadOnlyList<SweepPoint> points) =>
    [
        Draw(Name, "What pruning costs", "loss, nats a token", points, p => p.Loss, SweepKnee.OfLoss(points)),
        Draw(ScoreName, "What the pruned model writes", "chrF of the first line", points, p => p.Score, SweepKnee.OfScore(points)),
    ];

    /// <summary>What was measured, in a sentence or two.</summary>
    public static string Summary(IReadOnlyList<SweepPoint> points)
    {
        SweepPoint[] drawn = [.. points.Where(p => double.IsFinite(p.Loss))];
        string knee = SweepKnee.OfLoss(points) is { } found
            ? $" Up to {Digits.Percent((double)found.Sparsity)} pruned the loss is within 1 % of the dense model’s." : "";
        return drawn.Length == 0 ? "No point was measured yet." : $"From {Digits.Percent((double)drawn[0].Sparsity)} to "
            + $"{Digits.Percent((double)drawn[^1].Sparsity)} pruned the loss goes from {Digits.Fixed(drawn[0].Loss, 3)} to "
            + $"{Digits.Fixed(drawn[^1].Loss, 3)} nats a token.{knee}";
    }

    private static Figure? Draw(string name, string title, string axis, IReadOnlyList<SweepPoint> points, Func<SweepPoint, double> value,
        SweepKnee? knee)
    {
        SweepPoint[] drawn = [.. points.Where(p => double.IsFinite(value(p)))];
        if (drawn.Length < 2) return null;
        SvgChart chart = new(title, $"{axis}: {Digits.Count(drawn.Length, "point")} from the dense model on.",
            Axis.Linear("pruned part of the scope", 0, 1), Axis.Rounded(axis, drawn.Min(value), drawn.Largest(value)));
        chart.Line(drawn.Select(p => ((double)p.Sparsity, value(p))), SvgChart.Color(0));
        foreach (SweepPoint point in drawn)
            chart.Dot((double)point.Sparsity, value(point), SvgChart.Color(0),
                $"{Digits.Percent((double)point.Sparsity)} pruned: {Digits.Real(value(point))}");
        if (knee is not null) chart.RuleAtX((double)knee.Sparsity, "within 1 %", SvgChart.Color(1));
        NumberTable numbers = new("sparsity", "kept", name == Name ? "loss" : "chrf");
        foreach (SweepPoint point in drawn)
            numbers.Add(Digits.Exact((double)point.Sparsity), Digits.Exact(point.Kept), Digits.Exact(value(point)));
        string where = knee is null ? "" : $" Up to {Digits.Percent((double)knee.Sparsity)} it is within 1 % of the dense model’s"
            + (knee.IsReached ? "." : ", and no point beyond was measured.");
        return new(name, title, $"One-shot, without training; each mask keeps a part of what the one before keeps.{where}", chart, numbers);
    }
}
