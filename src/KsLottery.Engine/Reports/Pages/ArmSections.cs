using System.Text;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reports;

/// <summary>What a page says of an experiment's arms: the verdict in sentences, the scores, each arm against each control.</summary>
internal static class ArmSections
{
    /// <summary>The scores of an experiment in the order of the paper's tables, and their titles.</summary>
    private static readonly (string Name, string Title, int Digits, bool IsShare)[] Scores =
    [
        ("bleu", "BLEU", 1, false), ("loss", "loss", 3, false), ("bleu_first_line", "BLEU 1st line", 1, false),
        ("chrf", "chrF", 1, false), ("chrf_first_line", "chrF 1st line", 1, false), ("exact_match_rate", "exact", 0, true),
        ("eos_rate", "stops", 0, true), ("mean_tokens", "tokens", 1, false), ("bleu_response", "BLEU response", 1, false),
        ("chrf_response", "chrF response", 1, false),
    ];

    /// <summary>Scores of which neither end is the better.</summary>
    private static readonly string[] Neutral = ["eos_rate", "mean_tokens"];

    /// <summary>A paragraph for each task: each ticket against its controls.</summary>
    public static IEnumerable<string> Verdicts(ReportContent content)
    {
        string[] said = [.. ArmScores.ByTask(content.Arms).Select(task => Verdict(task, content.Verdicts)).Where(s => s.Length > 0)];
        return said.Length > 0 ? said : ["The results name no control of a ticket’s size: the table says how the arms do, and not what "
            + "the ticket is worth."];
    }

    private static string Verdict(IReadOnlyList<ArmScores> task, IReadOnlyList<ArmVerdict> verdicts)
    {
        (string score, string scale, double sign) = task.Any(a => a.Scores.ContainsKey("loss")) ? ("loss", "loss", 1.0)
            : ("bleu", "BLEU", -1.0);
        IReadOnlyList<IReadOnlyList<ArmScores>> groups = ArmScores.Group(task);
        List<string> said = [];
        foreach (string name in groups.SelectMany(g => g[0].Controlled).Distinct())
        {
            if (groups.FirstOrDefault(g => g[0].Method == name) is not { } ticket) continue;
            IReadOnlyList<ArmScores>[] controls = [.. groups.Where(g => g[0].Controlled.Contains(name)
                && double.IsFinite(ArmScores.Spread(g, score).Mean))];
            ArmSpread own = ArmScores.Spread(ticket, score);
            if (controls.Length == 0 || !double.IsFinite(own.Mean)) continue;
            IReadOnlyList<ArmScores> best = controls.MinBy(c => sign * ArmScores.Spread(c, score).Mean)!;
            int digits = score == "loss" ? 3 : 1;
            string[] judged = [.. verdicts.Where(v => v.Task == task[0].Task && v.Method == name
                && controls.Any(c => c[0].Method == v.Control)).Select(v => score == "loss" ? v.Loss.Verdict : v.Bleu.Verdict)];
            said.Add($"{name}: {scale} {Digits.Fixed(own.Mean, digits)}, the best of its {Digits.Count(controls.Length, "control")}, "
                + $"{best[0].Method}, {Digits.Fixed(ArmScores.Spread(best, score).Mean, digits)}; "
                + (judged.Length > 0 ? Judged(judged) : BySeeds(ticket, controls, score, sign)));
        }
        string all = string.Join(' ', said);
        return all.Length == 0 || task[0].Task.Length == 0 ? all : $"{task[0].Task}. {all}";
    }

    private static string Judged(string[] verdicts) => "by the intervals of a paired bootstrap "
        + string.Join(", ", verdicts.GroupBy(v => v).Select(v => $"{v.Key} {v.Key switch
        {
            "better" or "worse" => "than ",
            "not told apart" => "from ",
            _ => "against ",
        }}{Digits.Count(v.Count())}")) + " of them.";

    private static string BySeeds(IReadOnlyList<ArmScores> ticket, IReadOnlyList<ArmScores>[] controls, string score, double sign) =>
        Seeds(ticket, controls, score, sign) switch
        {
            (_, 0) => "they have no seed in common.",
            (var ahead, 1) => $"with the one seed the ticket does {(ahead == 1 ? "better" : "no better")}.",
            var (ahead, seeds) => $"better than every control in {Digits.Count(ahead)} of {Digits.Count(seeds)} seeds.",
        };

    /// <summary>In how many of the seeds that all have an arm does better than each of some others.</summary>
    private static (int Ahead, int Seeds) Seeds(IReadOnlyList<ArmScores> arm, IReadOnlyList<ArmScores>[] others, string score, double sign)
    {
        int ahead = 0, seeds = 0;
        foreach (ArmScores own in arm)
        {
            double[] against = [.. others.Select(o => o.FirstOrDefault(a => a.Seed.Equals(own.Seed)))
                .Select(a => a?.Scores.GetValueOrDefault(score, double.NaN) ?? double.NaN)];
            if (!against.All(double.IsFinite)) continue;
            seeds++;
            if (against.All(a => sign * own.Scores.GetValueOrDefault(score, double.NaN) < sign * a)) ahead++;
        }
        return (ahead, seeds);
    }

    public static IEnumerable<(string, string)> Tiles(IReadOnlyList<ArmScores> arms)
    {
        int tasks = ArmScores.ByTask(arms).Count, seeds = arms.Select(a => a.Seed).Where(double.IsFinite).Distinct().Count();
        int count = arms.Select(a => a.Method).Distinct().Count();
        yield return (Digits.Count(count), count == 1 ? "arm" : "arms");
        if (tasks > 1) yield return (Digits.Count(tasks), "tasks");
        if (seeds > 0) yield return (Digits.Count(seeds), seeds == 1 ? "seed" : "seeds");
    }

    /// <summary>The arms, in the form of the paper's tables, a table for each task, and the verdicts where there are some.</summary>
    public static void Write(StringBuilder html, ReportContent content)
    {
        IReadOnlyList<ArmScores> arms = content.Arms;
        (string Name, string Title, int Digits, bool IsShare)[] scores =
            [.. Scores.Where(s => arms.Any(a => a.Scores.TryGetValue(s.Name, out double value) && double.IsFinite(value)))];
        // One ticket needs no word for whose controls they are.
        bool hasControls = arms.Select(a => a.ControlOf).Where(of => of.Length > 0).Distinct().Count() > 1;
        bool hasSeeds = ArmScores.Group(arms).Any(g => g.Count > 1);
        foreach (IReadOnlyList<ArmScores> task in ArmScores.ByTask(arms))
        {
            if (task[0].Task.Length > 0) html.Append("<h3>").Append(Markup.Encode(task[0].Task)).Append("</h3>\n");
            WriteTask(html, task, scores, hasControls, hasSeeds);
            WriteVerdicts(html, [.. content.Verdicts.Where(v => v.Task == task[0].Task)]);
        }
        string best = arms.Any(a => a.ControlOf.Length > 0) ? "tickets and their controls" : "arms";
        html.Append("<p class=\"soft\">").Append(hasSeeds
            ? "Means over seeds ± their standard deviation; rows and parameters are means as well. " : "")
            .Append("Bold: the best mean among the ").Append(best).Append(". Loss: nats a target token. Stops: the share of texts that "
                + "the model ended itself; where it is low, compare first lines.</p>\n");
    }

    private static void WriteTask(StringBuilder html, IReadOnlyList<ArmScores> task,
        (string Name, string Title, int Digits, bool IsShare)[] scores, bool hasControls, bool hasSeeds)
    {
        IReadOnlyList<IReadOnlyList<ArmScores>> groups = ArmScores.Group(task);
        string[] tickets = [.. groups.SelectMany(g => g[0].Controlled).Distinct()];
        IReadOnlyList<ArmScores>[] rivals = [.. groups.Where(g => tickets.Length == 0 || g[0].Controlled.Length > 0
            || tickets.Contains(g[0].Method))];
        double[] best = [.. scores.Select(s => BestOf(rivals, s.Name))];
        PageTable table = new(["<method", .. hasControls ? (string[])["<control of"] : [], "rows", "parameters", "share",
            .. hasSeeds ? (string[])["seeds"] : [], .. scores.Select(s => s.Title)]);
        foreach (IReadOnlyList<ArmScores> arm in groups)
        {
            long parameters = (long)Math.Round(arm.Average(a => (double)a.Parameters));
            double share = ArmScores.Spread(arm, "share").Mean;
            table.Add([new(arm[0].Method), .. hasControls ? (PageCell[])[new(arm[0].ControlOf)] : [],
                ArmScores.MeanRows(arm) is { } rows ? PageCell.Of(rows) : new(""),
                parameters > 0 ? PageCell.Of(parameters) : new("", 0),
                share > 0 ? PageCell.Percent(share) : new("", 0),
                .. hasSeeds ? (PageCell[])[PageCell.Of(arm.Count)] : [],
                .. scores.Zip(best, (s, b) => Score(arm, s.Name, s.Digits, s.IsShare) is var cell && rivals.Contains(arm)
                    ? cell with { IsBest = cell.Value is { } value && value.Equals(b) } : cell)]);
        }
        table.WriteHtml(html, $"Scores of the arms {task[0].Task}".TrimEnd());
    }

    /// <summary>The best mean; NaN where there is none, or where it would be that of all.</summary>
    private static double BestOf(IReadOnlyList<ArmScores>[] arms, string score)
    {
        if (Neutral.Contains(score)) return double.NaN;
        double[] means = [.. arms.Select(a => ArmScores.Spread(a, score).Mean).Where(double.IsFinite)];
        if (means.Distinct().Count() < 2) return double.NaN;
        return score == "loss" ? means.Min() : means.Order().Last();
    }

    private static void WriteVerdicts(StringBuilder html, IReadOnlyList<ArmVerdict> verdicts)
    {
        if (verdicts.Count == 0) return;
        PageTable table = new("<arm", "<against", "BLEU, difference", "95 %", "<by BLEU", "loss, difference", "95 % ", "<by loss");
        foreach (ArmVerdict v in verdicts)
            table.Add(new(v.Method), new(v.Control), Differing(v.Bleu.Value, 1), Interval(v.Bleu, 1), new(v.Bleu.Verdict),
                Differing(v.Loss.Value, 3), Interval(v.Loss, 3), new(v.Loss.Verdict));
        table.WriteHtml(html, $"Verdicts {verdicts[0].Task}".TrimEnd());
        html.Append("<p class=\"soft\">").Append(Markup.Encode("Each arm against each control: paired bootstrap, 95 %; "
            + $"{Digits.Count(verdicts[0].Segments, "test pair")} are resampled as sacreBLEU does"
            + (verdicts[0].Seeds > 1 ? $", and as an outer level {Digits.Count(verdicts[0].Seeds, "seed")}." : ", of one seed.")))
            .Append("</p>\n");
    }

    private static PageCell Differing(double value, int digits) =>
        new(value > 0 ? "+" + Digits.Fixed(value, digits) : Digits.Fixed(value, digits), value);

    private static PageCell Interval(ArmVerdict.Difference d, int digits) =>
        new($"{Digits.Fixed(d.Low, digits)} to {Digits.Fixed(d.High, digits)}", d.Low);

    private static PageCell Score(IReadOnlyList<ArmScores> arm, string name, int digits, bool isShare)
    {
        ArmSpread spread = ArmScores.Spread(arm, name);
        if (double.IsNaN(spread.Mean)) return new("");
        double scale = isShare ? 100 : 1;
        string around = spread.Count > 1 ? $" ± {Digits.Fixed(scale * spread.Deviation, digits)}" : "";
        return new($"{Digits.Fixed(scale * spread.Mean, digits)}{around}{(isShare ? " %" : "")}", spread.Mean);
    }
}
