using KsLottery.Engine.Numerics;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reports;

/// <summary>The loss of all trainings by step: a colour a method, dashes a seed, mean and range where seeds are many.</summary>
internal static class LossCurves
{
    public const string Name = "loss", PretrainingName = "loss-pretraining";

    /// <summary>The largest number of charts.</summary>
    public const int MaxCharts = 48;

    private const int MaxPoints = 100, MaxDashedSeeds = 3;

    /// <summary>What a chart is called, by its place from 0.</summary>
    public static string NameOf(int chart) => chart == 0 ? Name : $"{Name}-{Digits.Exact(chart + 1)}";

    /// <summary>A chart for each task and ten methods, each of which has a colour there; the trainings of a base, which are much longer
    /// and lose much more, have a chart of their own.</summary>
    public static IEnumerable<Figure?> Draw(ReportContent content)
    {
        MethodColors colors = new(content);
        (string Task, TrainingRecord[] Trainings)[] charts = [.. content.Trainings.Where(t => !t.IsPretraining && HasLoss(t))
            .GroupBy(t => (t.Task, Part: colors.PlaceOf(t.Method) / ChartStyle.ColorCount))
            .Select(g => (g.Key.Task, g.ToArray()))];
        int left = charts.Skip(MaxCharts).Sum(c => c.Trainings.Length);
        foreach ((int i, (string task, TrainingRecord[] trainings)) in charts.Take(MaxCharts).Index())
            yield return Draw(NameOf(i), $"{(task.Length == 0 ? "" : $"{task}: ")}How the trainings went", trainings, colors.Of,
                i == MaxCharts - 1 && left > 0 ? $" {Digits.Count(left, "more training")} have no chart." : "");
        TrainingRecord[] bases = [.. content.Trainings.Where(t => t.IsPretraining && HasLoss(t))];
        if (bases.Length > 0)
            yield return Draw(PretrainingName, "How the base was made", bases,
                method => SvgChart.Color(Array.FindIndex(bases, b => b.Method == method)), "");
    }

    private static bool HasLoss(TrainingRecord training) => training.Steps.Any(s => s.Loss is { } loss && double.IsFinite(loss));

    private static Figure Draw(string fileName, string title, TrainingRecord[] trainings, Func<string, string> colorOf, string left)
    {
        double[] losses =
            [.. trainings.SelectMany(t => Means(t.Steps).Concat(Evaluations(t.Steps)).Select(p => p.Loss)).Where(double.IsFinite)];
        SvgChart chart = new(title, $"Loss by step of {Digits.Count(trainings.Length, "training")}.",
            Axis.Rounded("step", 0, trainings.SelectMany(t => t.Steps).Max(s => s.Step)),
            Axis.Rounded("loss, nats a token", losses.Min(), losses.Largest()));
        ulong[] seeds = [.. trainings.Select(t => t.Seed).OfType<ulong>().Distinct()];
        bool isBand = false;
        foreach (IGrouping<string, TrainingRecord> method in trainings.GroupBy(t => t.Method))
        {
            string color = colorOf(method.Key);
            if (seeds.Length > MaxDashedSeeds && BandOf([.. method]) is { } band)
            {
                isBand = true;
                chart.Band([.. band.Select(p => (p.Step, p.Low, p.High))], color);
                chart.Line(band.Select(p => (p.Step, p.Mean)), color);
            }
            else foreach (TrainingRecord training in method)
                chart.Line(Means(training.Steps).Where(p => double.IsFinite(p.Loss)), color,
                    training.Seed is { } seed ? Array.IndexOf(seeds, seed) : 0);
            foreach (TrainingRecord training in method)
                foreach ((double step, double loss) in Evaluations(training.Steps))
                    chart.Dot(step, loss, color, $"{training.Name}: {Digits.Fixed(loss, 4)} on the evaluation set after step "
                        + Digits.Count((long)step), isHollow: true);
            chart.LegendLine(method.Key, color);
        }
        if (seeds.Length > 1 && !isBand)
            foreach ((int i, ulong seed) in seeds.Index()) chart.LegendLine($"seed {seed}", "quiet", i);
        if (trainings.Any(t => Evaluations(t.Steps).Any())) chart.LegendDot("on the evaluation set", "quiet", isHollow: true);
        return new(fileName, title, "Each training’s loss on its own batches; long ones as means over neighbouring steps, at most "
            + $"{Digits.Count(MaxPoints)} points a line."
            + (isBand ? $" Lines are means over {Digits.Count(seeds.Length)} seeds, areas their ranges." : "") + left,
            chart, NumbersOf(trainings));
    }

    /// <summary>Mean and range of trainings of as many points; null where they differ in number.</summary>
    private static (double Step, double Mean, double Low, double High)[]? BandOf(TrainingRecord[] trainings)
    {
        (double Step, double Loss)[][] lines = [.. trainings.Select(t => Means(t.Steps).ToArray())];
        if (lines.Length < 2 || lines.Any(l => l.Length != lines[0].Length || l.Any(p => !double.IsFinite(p.Loss)))) return null;
        return [.. lines[0].Index().Select(p => lines.Select(l => l[p.Index].Loss).ToArray() is var at
            ? (p.Item.Step, at.Average(), at.Min(), at.Largest()) : default)];
    }

    private static NumberTable NumbersOf(TrainingRecord[] trainings)
    {
        NumberTable numbers = new("training", "step", "loss", "eval_loss");
        foreach (TrainingRecord training in trainings)
            foreach (StepMetrics step in training.Steps)
                numbers.Add(NumberTable.Text(training.Name), Digits.Exact(step.Step),
                    Digits.Exact(step.Loss ?? double.NaN), Digits.Exact(step.EvalLoss ?? double.NaN));
        return numbers;
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
