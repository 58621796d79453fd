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
    private const double MaxHidden = 0.008; // of the plot's height: the width of a line

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
            yield return Draw(NameOf(i), TitleOf(task, trainings, charts.Take(i + 1).Count(c => c.Task == task),
                charts.Count(c => c.Task == task)), trainings, colors.Of,
                i == MaxCharts - 1 && left > 0 ? $" {Digits.Count(left, "more training")} have no chart." : "");
        TrainingRecord[] bases = [.. content.Trainings.Where(t => t.IsPretraining && HasLoss(t))];
        if (bases.Length > 0)
            yield return Draw(PretrainingName, "How the base was made", bases,
                method => SvgChart.Color(Array.FindIndex(bases, b => b.Method == method)), "");
    }

    /// <summary>What a chart shows; which of its task's charts it is, where there are several.</summary>
    private static string TitleOf(string task, TrainingRecord[] trainings, int place, int charts)
    {
        string[] methods = [.. trainings.Select(t => t.Method).Distinct()];
        string what = charts == 1 ? "How the trainings went" : methods is [{ Length: > 0 } only] ? $"How {only} went"
            : $"How the trainings went, {Digits.Count(place)} of {Digits.Count(charts)}";
        return task.Length == 0 ? what : $"{task}: {what}";
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
        List<string> hidden = [];
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
            {
                TrainingRecord? above = trainings.Skip(Array.IndexOf(trainings, training) + 1)
                    .FirstOrDefault(other => other.Method != method.Key && Coincide(training, other, chart.Y));
                if (above is not null) hidden.Add($"{method.Key} below {above.Method}");
                chart.Line(Means(training.Steps).Where(p => double.IsFinite(p.Loss)), color,
                    training.Seed is { } seed ? Array.IndexOf(seeds, seed) : 0, isWide: above is not null);
            }
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
            + (isBand ? $" Lines are means over {Digits.Count(seeds.Length)} seeds, areas their ranges." : "")
            + (hidden.Count > 0 ? $" Wide lines lie below others all along: {Digits.List([.. hidden.Distinct()])}." : "") + left,
            chart, NumbersOf(trainings));
    }

    /// <summary>Whether two lines would be drawn on each other all along.</summary>
    private static bool Coincide(TrainingRecord one, TrainingRecord other, Axis y)
    {
        (double Step, double Loss)[] a = [.. Means(one.Steps)], b = [.. Means(other.Steps)];
        return a.Length > 1 && a.Length == b.Length && a.Zip(b).All(p => p.First.Step.Equals(p.Second.Step)
            && Math.Abs(y.Place(p.First.Loss) - y.Place(p.Second.Loss)) <= MaxHidden);
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
