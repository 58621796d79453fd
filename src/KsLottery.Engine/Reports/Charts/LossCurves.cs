using KsLottery.Engine.Numerics;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reports;


/// <summary>The loss of all trainings by step.</summary>
internal static class LossCurves
{
    public const string Name = "loss", PretrainingName = "loss-pretraining";

    private const int MaxPoints = 100, MaxCurves = 12;

    /// <summary>The trainings of a base, which are much longer and lose much more, have a chart of their own.</summary>
    public static IEnumerable<Figure?> Draw(IReadOnlyList<TrainingRecord> trainings) =>
    [
        Draw(Name, "How the trainings went", [.. trainings.Where(t => !t.IsPretraining)]),
        Draw(PretrainingName, "How the base was made", [.. trainings.Where(t => t.IsPretraining)]),
    ];

    private static Figure? Draw(string fileName, string title, IReadOnlyList<TrainingRecord> trainings)
    {
        TrainingRecord[] drawn = [.. trainings.Where(t => t.Steps.Any(s => s.Loss is not null)).Take(MaxCurves)];
        if (drawn.Length == 0) return null;
        double[] losses =
            [.. drawn.SelectMany(t => Means(t.Steps).Concat(Evaluations(t.Steps)).Select(p => p.Loss)).Where(double.IsFinite)];
        double least = drawn.SelectMany(t => t.Steps).Min(s => s.Step), last = drawn.SelectMany(t => t.Steps).Max(s => s.Step);
        SvgChart chart = new(title, $"Loss by step of {Digits.Count(drawn.Length, "training")}.",
            Axis.Linear("step", Math.Min(least, 1), Math.Max(last, 2)), Axis.Rounded("loss, nats a token", losses.Min(), losses.Largest()));
        NumberTable numbers = new("training", "step", "loss", "eval_loss");
        foreach ((int i, TrainingRecord training) in drawn.Index())
        {
            (string color, bool isDashed) = (SvgChart.Color(i), i >= ChartStyle.ColorCount);
            chart.Line(Means(training.Steps).Where(p => double.IsFinite(p.Loss)), color, isDashed);
            foreach ((double step, double loss) in Evaluations(training.Steps))
                chart.Dot(step, loss, color,
                    $"{training.Name}: {Digits.Fixed(loss, 4)} on the evaluation set after step {Digits.Count((long)step)}",
                        isHollow: true);
            chart.LegendLine(training.Name, color, isDashed);
            foreach (StepMetrics step in training.Steps)
                numbers.Add(NumberTable.Text(training.Name), Digits.Exact(step.Step),
                    Digits.Exact(step.Loss ?? double.NaN), Digits.Exact(step.EvalLoss ?? double.NaN));
        }
        if (drawn.Any(t => Evaluations(t.Steps).Any())) chart.LegendDot("on the evaluation set", "quiet", isHollow: true);
        string left = trainings.Count > drawn.Length ? $" {Digits.Count(trainings.Count - drawn.Length)} more are left out." : "";
        return new(fileName, title, "Each training's loss on its own batches; long ones as means over neighbouring steps, at most "
            + $"{Digits.Count(MaxPoints)} points a line.{left}", chart, numbers);
    }

    private static IEnumerable<(double Step, double Loss)> Means(IReadOnlyList<StepMetrics> steps)
    {
        StepMetrics[] measured = [.. steps.Where(s => s.Loss is not null)];
        int size = (measured.Length + MaxPoints - 1) / MaxPoints;
        return measured.Chunk(Math.Max(1, size)).Select(c => (c.Average(s => (double)s.Step), c.Average(s => s.Loss!.Value)));
    }

    private static IEnumerable<(double Step, double Loss)> Evaluations(IReadOnlyList<StepMetrics> steps)
    {
        StepMetrics[] measured = [.. steps.Where(s => s.EvalLoss is { } loss && double.IsFinite(loss))];
        int every = (measured.Length + MaxPoints - 1) / MaxPoints;
        return measured.Where((_, i) => i % every == 0).Select(s => ((double)s.Step, s.EvalLoss!.Value));
    }
}
