using KsLottery.Engine.Experiments;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>The score of every arm by the number of rows that it changes, with the others as lines across.</summary>
internal static class ScoresByRows
{
    public const string Name = "score-vs-rows";

    /// <summary>The most tasks that have a chart each.</summary>
    public const int MaxTasks = 24;

    private const int MaxNameLength = 20;

    /// <summary>The scores to draw, the first that the arms have: name, its form for the first line, title.</summary>
    private static readonly (string Score, string FirstLine, string Title)[] Known =
        [("bleu", "bleu_first_line", "BLEU"), ("chrf", "chrf_first_line", "chrF"), ("loss", "", "loss, nats a token")];

    /// <summary>What the chart of a task is called, by its place from 0.</summary>
    public static string NameOf(int task) => task == 0 ? Name : $"{Name}-{Digits.Exact(task + 1)}";

    /// <summary>A chart for each task.</summary>
    public static IEnumerable<Figure?> DrawAll(IReadOnlyList<ArmScores> arms) =>
        ArmScores.ByTask(arms).Take(MaxTasks).Select((task, i) => Draw(task, NameOf(i)));

    private static Figure? Draw(IReadOnlyList<ArmScores> arms, string name)
    {
        (string score, string firstLine, string scale) = Known.FirstOrDefault(k => arms.Any(a => a.Scores.ContainsKey(k.Score)));
        if (score is null) return null;
        string task = arms[0].Task.Length == 0 ? "" : $"{arms[0].Task}: ";
        string title = task + (score == "loss" ? "Loss against the number of rows" : $"{scale} against the number of rows");
        Arm[] groups = [.. ArmScores.Group(arms).Select(g => Arm.Of(g, score, firstLine)).Where(a => double.IsFinite(a.Score.Mean))];
        Arm[] placed = [.. groups.Where(a => a.Rows > 0)], across = [.. groups.Where(a => a.Rows is null or 0)];
        double[] all = [.. groups.SelectMany(a => (double[])[a.Score.Min, a.Score.Max, a.FirstLine.Mean]).Where(double.IsFinite)];
        double most = placed.Select(a => (double)a.Rows!.Value).DefaultIfEmpty(1).Largest();
        SvgChart chart = new(title, $"{scale} of {Digits.Count(groups.Length, "arm")} by the number of rows that each changes.",
            Axis.Log("rows that differ from the base", 0.7, Math.Max(10, most * 1.4)),
            Axis.Rounded(scale, score == "loss" ? all.Min() : Math.Min(0, all.Min()), all.Largest()), margin: MaxNameLength);
        string[] methods = [.. groups.Select(g => g.Method).Distinct()];
        string ColorOf(string method) => SvgChart.Color(Array.IndexOf(methods, method));

        List<(double, double, string, string)> names = [];
        foreach (Arm arm in across)
        {
            chart.RuleAtY(arm.Score.Mean, "", ColorOf(arm.Method));
            names.Add((chart.X.High, arm.Score.Mean, arm.Method, ColorOf(arm.Method)));
        }
        foreach (IGrouping<string, Arm> method in placed.GroupBy(a => a.Method))
        {
            Arm[] line = [.. method.OrderBy(a => a.Rows)];
            string color = ColorOf(method.Key);
            if (line.Length > 1) chart.Line(line.Select(a => ((double)a.Rows!.Value, a.Score.Mean)), color, isThin: true);
            foreach (Arm arm in line)
            {
                double x = arm.Rows!.Value;
                if (arm.Seeds > 1) chart.Line([(x, arm.Score.Min), (x, arm.Score.Max)], color);
                string tip = $"{arm.Method}, {Digits.Count(arm.Rows.Value, "row")}";
                if (double.IsFinite(arm.FirstLine.Mean))
                    chart.Dot(x, arm.FirstLine.Mean, color, $"{tip}: {Digits.Fixed(arm.FirstLine.Mean, 1)} of first lines", isHollow: true);
                chart.Dot(x, arm.Score.Mean, color, $"{tip}: {Digits.Fixed(arm.Score.Mean, score == "loss" ? 3 : 1)}");
            }
            names.Add((line[^1].Rows!.Value, line[^1].Score.Mean, method.Key, color));
        }
        chart.Margin(names);
        chart.LegendDot(score == "loss" ? "loss" : "of all that was written", "quiet");
        if (groups.Any(a => double.IsFinite(a.FirstLine.Mean))) chart.LegendDot("of the first line", "quiet", isHollow: true);

        NumberTable numbers = new("method", "rows", "seeds", score, $"{score}_least", $"{score}_most", "first_line");
        foreach (Arm arm in groups)
            numbers.Add(NumberTable.Text(arm.Method), arm.Rows is { } rows ? Digits.Exact(rows) : "", Digits.Exact(arm.Seeds),
                Digits.Exact(arm.Score.Mean), Digits.Exact(arm.Score.Min), Digits.Exact(arm.Score.Max), Digits.Exact(arm.FirstLine.Mean));
        string spread = groups.Any(a => a.Seeds > 1)
            ? " Where an arm has several seeds, the dot is their mean and the bar reaches from the least to the most."
            : "";
        return new(name, title,
            "Each arm by how many rows it changes; dashed lines are models that are not counted in rows, among them the base. "
            + $"A base that never stops scores badly whatever it knows: where full and hollow dots lie far apart, what was learned is to "
                + $"stop.{spread}", chart, numbers);
    }

    private sealed record Arm(string Method, int? Rows, int Seeds, ArmSpread Score, ArmSpread FirstLine)
    {
        public static Arm Of(IReadOnlyList<ArmScores> arms, string score, string firstLine) =>
            new(arms[0].Method, ArmScores.MeanRows(arms), arms.Count, ArmScores.Spread(arms, score), ArmScores.Spread(arms, firstLine));
    }
}
