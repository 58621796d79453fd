using KsLottery.Engine.Experiments;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>A score of every arm, a lane each, in the order of the rows that they change.</summary>
internal static class ScoresByRows
{
    public const string Name = "score-vs-rows", LossName = "loss-vs-rows";

    /// <summary>The largest number of tasks that have charts.</summary>
    public const int MaxTasks = 24;

    private const double LaneHeight = 34, Dots = 0.24, Text = 0.55;

    /// <summary>The scores to draw, the first that the arms have: name, its form for the first line, title.</summary>
    private static readonly (string Score, string FirstLine, string Title)[] Known =
        [("bleu", "bleu_first_line", "BLEU"), ("chrf", "chrf_first_line", "chrF")];

    /// <summary>What a chart of a task is called, by the task's place from 0.</summary>
    public static string NameOf(string name, int task) => task == 0 ? name : $"{name}-{Digits.Exact(task + 1)}";

    /// <summary>Charts of the score and of the loss for each task.</summary>
    public static IEnumerable<Figure?> DrawAll(ReportContent content)
    {
        MethodColors colors = new(content);
        IReadOnlyList<IReadOnlyList<ArmScores>> tasks = ArmScores.ByTask(content.Arms);
        string left = tasks.Count > MaxTasks ? $" {Digits.Count(tasks.Count - MaxTasks, "more task")} have no chart." : "";
        foreach ((int i, IReadOnlyList<ArmScores> task) in tasks.Take(MaxTasks).Index())
        {
            (string score, string firstLine, string title) = Known.FirstOrDefault(k => task.Any(a => a.Scores.ContainsKey(k.Score)));
            if (score is not null) yield return Draw(task, NameOf(Name, i), score, firstLine, title, colors, left);
            yield return Draw(task, NameOf(LossName, i), "loss", "", "loss, nats a token", colors, left);
        }
    }

    private static Figure? Draw(IReadOnlyList<ArmScores> arms, string name, string score, string firstLine, string scale,
        MethodColors colors, string left)
    {
        Arm[] groups = [.. ArmScores.Group(arms).Select(g => Arm.Of(g, score, firstLine)).Where(a => double.IsFinite(a.Score.Mean))
            .OrderBy(a => a.Rows ?? int.MaxValue).Reverse()];
        if (groups.Length == 0) return null;
        string what = score == "loss" ? "Loss" : scale, title = $"{(arms[0].Task.Length == 0 ? "" : $"{arms[0].Task}: ")}{what} by rows";
        double[] all = [.. groups.SelectMany(a => (double[])[a.Score.Min, a.Score.Max, a.FirstLine.Mean]).Where(double.IsFinite)];
        SvgChart chart = new(title, $"{what} of {Digits.Count(groups.Length, "arm")}, fewest rows on top.",
            Axis.Rounded(scale, score == "loss" ? all.Min() : Math.Min(0, all.Min()), all.Largest()),
            Axis.Names("", [.. groups.Select(_ => "")]), LaneHeight * groups.Length);
        Arm? untouched = groups.FirstOrDefault(a => a.Rows == 0);
        int digits = score == "loss" ? 3 : 1;
        foreach ((int i, Arm arm) in groups.Index())
        {
            (double y, string color) = (i + Dots, colors.Of(arm.Method));
            chart.Guide(y);
            chart.Lane(i + Text, arm.Label, Digits.Fixed(arm.Score.Mean, digits));
            if (untouched is not null) chart.Mark(untouched.Score.Mean, y, "quiet");
            if (arm.Score.Max > arm.Score.Min) chart.Line([(arm.Score.Min, y), (arm.Score.Max, y)], $"range {color}");
            string tip = $"{arm.Label}: {Digits.Fixed(arm.Score.Mean, digits)}";
            if (double.IsFinite(arm.FirstLine.Mean))
                chart.Dot(arm.FirstLine.Mean, y, color,
                    $"{arm.Label}: {Digits.Fixed(arm.FirstLine.Mean, 1)} of first lines", isHollow: true);
            chart.Dot(arm.Score.Mean, y, color, tip);
        }
        bool hasSeeds = groups.Any(a => a.Seeds > 1), hasFirst = groups.Any(a => double.IsFinite(a.FirstLine.Mean));
        chart.LegendDot(hasSeeds ? "mean over seeds" : what, "quiet");
        if (hasFirst) chart.LegendDot("of the first line", "quiet", isHollow: true);
        if (hasSeeds) chart.LegendLine("min to max over seeds", "range quiet");
        if (untouched is not null) chart.LegendMark(untouched.Method, "quiet");
        return new(name, title, "Each arm, in the order of how many rows it changes; last those that are not counted in rows."
            + (hasFirst ? " Where the ring lies far to the right of the full dot, the model does not stop where it should; what another "
                + "arm gains over it by the full dot alone is stopping." : "") + left, chart, NumbersOf(groups.Reverse(), score));
    }

    private static NumberTable NumbersOf(IEnumerable<Arm> groups, string score)
    {
        NumberTable numbers = new("method", "rows", "seeds", score, $"{score}_min", $"{score}_max", "first_line");
        foreach (Arm arm in groups)
            numbers.Add(NumberTable.Text(arm.Method), arm.Rows is { } rows ? Digits.Exact(rows) : "", Digits.Exact(arm.Seeds),
                Digits.Exact(arm.Score.Mean), Digits.Exact(arm.Score.Min), Digits.Exact(arm.Score.Max), Digits.Exact(arm.FirstLine.Mean));
        return numbers;
    }

    private sealed record Arm(string Method, int? Rows, int Seeds, ArmSpread Score, ArmSpread FirstLine)
    {
        /// <summary>The number of rows first, which the name may hold as well.</summary>
        public string Label => Rows is > 0 and var rows && Digits.Count(rows, "row") is var count
            ? $"{count} · {Method.Replace($", {count}", "", StringComparison.Ordinal)}" : Method;

        /// <summary>An arm that changes nothing has no rows, though files do not count them.</summary>
        public static Arm Of(IReadOnlyList<ArmScores> arms, string score, string firstLine) =>
            new(arms[0].Method, arms.All(a => a.Parameters == 0) ? 0 : ArmScores.MeanRows(arms), arms.Count,
                ArmScores.Spread(arms, score), ArmScores.Spread(arms, firstLine));
    }
}
