using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Cli;

/// <summary>Prints an experiment: a table for each task in the paper's form, and what its tickets have in common.</summary>
internal sealed class ExperimentReport(ExperimentRun run, ConsoleUi ui)
{
    private readonly ExperimentPlan _plan = run.Plan;

    /// <summary>The scores in the order of the table; of the best the largest value is, or the least, or there is none.</summary>
    private static readonly (string Title, Func<ArmOutcome, double> Get, int Digits, bool IsShare, int Best)[] Scores =
    [
        ("BLEU", o => o.Bleu, 1, false, 1), ("loss", o => o.Loss, 3, false, -1), ("1st line", o => o.BleuFirstLine, 1, false, 1),
        ("chrF", o => o.Chrf, 1, false, 1), ("stops", o => o.EosRate, 0, true, 0), ("response", o => o.BleuResponse, 1, false, 1),
        ("exact", o => o.ExactMatchRate, 0, true, 1), ("chrF 1st line", o => o.ChrfFirstLine, 1, false, 1),
        ("tokens", o => o.MeanTokens, 1, false, 0),
    ];

    /// <summary>What a narrow terminal does without, the first first.</summary>
    private static readonly string[] Optional =
        ["tokens", "chrF 1st line", "exact", "response", "control of", "stops", "chrF", "share", "1st line", "parameters"];

    /// <param name="end">The last line: how long it took, and where it stands.</param>
    public void Write(string end)
    {
        foreach (ExperimentTask task in _plan.Tasks.Where(task => run.Results.Any(r => r.Task == task.Name))) WriteTask(task);
        WriteSkipped();
        WriteHeld();
        WriteTickets();
        ui.WriteLine();
        ui.WriteLine("BLEU: of all that was written, of its first line, and of the response that the authors' rule reads.");
        ui.WriteLine("Where they differ, the model does not stop (stops: the share of texts that it ended itself), and");
        ui.WriteLine("what tuning gains there is learning to stop. loss: nats a target token, lower is better. *: the best.");
        if (CountSeeds(_ => true) is > 1 and int seeds) ui.WriteLine($"Means over {seeds} seeds ± their standard deviation.");
        if (_plan.Arms.Any(a => a.Method == ArmMethod.LowRank))
            ui.WriteLine($"LoRA has {Sizes.Count(run.ParametersOfRank)} parameters a rank: of the rank that comes nearest to the rows'.");
        ui.WriteLine(end);
        ui.WriteJson(WriteJson);
    }

    private IEnumerable<ArmResult> Of(ExperimentTask task, ExperimentArm arm) =>
        run.Results.Where(r => r.Task == task.Name && r.Arm == arm);

    private int CountSeeds(Func<ArmResult, bool> which) =>
        run.Results.Where(which).Select(r => r.Seed).OfType<ulong>().Distinct().Count() is > 0 and int count ? count : _plan.Seeds.Count;

    private void WriteTask(ExperimentTask task)
    {
        // One ticket needs no word for whose controls they are.
        bool isControlNamed = _plan.Arms.Select(a => _plan.ControlledBy(a).FirstOrDefault()).OfType<ExperimentArm>().Distinct().Count() > 1;
        TextTable table = new TextTable(["method", .. isControlNamed ? (string[])["control of"] : [], ">rows", ">parameters", ">share",
            .. Scores.Select(s => ">" + s.Title)]).Optional(Optional);
        (ExperimentArm Arm, ArmResult[] Lines)[] arms = [.. _plan.Arms.Select(arm => (arm, Of(task, arm).ToArray()))
            .Where(a => a.Item2.Length > 0)];
        ArmSpread[][] spreads = [.. arms.Select(a => Scores.Select(s => ArmSpread.Of(a.Lines.Select(l => s.Get(l.Outcome)))).ToArray())];
        foreach ((int i, (ExperimentArm arm, ArmResult[] lines)) in arms.Index())
        {
            double parameters = lines.Average(l => (double)l.Parameters);
            string controlled = string.Join("; ", _plan.ControlledBy(arm).Select(a => a.Name));
            string diverged = lines.Any(l => l.HasDiverged) ? " (diverged)" : "";
            table.Add([ConsoleUi.OneLine(arm.Name) + Rank(arm, lines) + diverged,
                .. isControlNamed ? (string[])[ConsoleUi.OneLine(controlled)] : [],
                Range(lines.Select(l => l.Rows)), parameters == 0 ? "" : Sizes.Count((long)Math.Round(parameters)),
                parameters == 0 ? "" : NumberText.Percent(lines.Average(l => l.Share)),
                .. Scores.Select((s, column) => Text(spreads[i][column], s.Digits, s.IsShare)
                    + (IsBest(spreads.Select(row => row[column].Mean), spreads[i][column].Mean, s.Best) ? "*" : " "))]);
        }
        ui.WriteLine();
        (int count, int repeated) = run.TestPairs[task.Name];
        string known = repeated > 0 ? $" ({Sizes.Count(repeated)} of them trained on)" : "";
        string how = _plan.Beams == 1 ? "greedily" : Sizes.Count(_plan.Beams, "beam");
        ui.WriteLine($"== {ConsoleUi.OneLine(task.Name)}: {Sizes.Count(count, "test pair")}{known}, {how}, "
            + Sizes.Count(CountSeeds(r => r.Task == task.Name), "seed"));
        ui.Write(table);
        WriteComparisons(task);
    }

    /// <summary>The ranks of adapters, which decide how many parameters they have.</summary>
    private string Rank(ExperimentArm arm, ArmResult[] lines) => arm.Method != ArmMethod.LowRank ? ""
        : $" (rank {Range(lines.Select(l => (int?)(l.Parameters / run.ParametersOfRank)))})";

    /// <summary>Whether a mean is the best of its column; where all are the same none is.</summary>
    private static bool IsBest(IEnumerable<double> means, double mean, int best)
    {
        double[] signed = [.. means.Where(double.IsFinite).Select(m => m * best)];
        return best != 0 && signed.Length > 1 && signed.Min() < signed.Largest() && mean * best == signed.Largest();
    }

    private void WriteComparisons(ExperimentTask task)
    {
        ArmComparison[] comparisons = [.. run.Comparisons.Where(c => c.Task == task.Name)];
        if (comparisons.Length == 0) return;
        TextTable table = new TextTable("arm against control", ">BLEU", "95 %", "", ">loss", "95 % ", "").Optional("95 % ");
        foreach (IGrouping<ExperimentArm, ArmComparison> arm in comparisons.GroupBy(c => c.Arm))
        {
            table.Add(ConsoleUi.OneLine(arm.Key.Name), "", "", "", "", "", "");
            foreach (ArmComparison one in arm)
                table.Add($"  {ConsoleUi.OneLine(one.Control.Name)}", Signed(one.Bleu.Value, 1), Interval(one.Bleu, 1), Word(one.ByBleu),
                    Signed(one.Loss.Value, 3), Interval(one.Loss, 3), Word(one.ByLoss));
        }
        ui.WriteLine();
        int seeds = comparisons.Max(c => c.Seeds);
        ui.WriteLine($"Paired bootstrap: {Sizes.Count(PairedBootstrap.DefaultResamples)} resamples of "
            + $"{Sizes.Count(comparisons[0].Segments, "test pair")} as sacreBLEU draws them, "
            + (seeds > 1 ? $"and of {seeds} seeds as an outer level;" : "of one seed, whose chance is in no interval;"));
        ui.WriteLine("BLEU and loss of the arm minus the control's. –: not told apart, the 95 % interval holds 0.");
        ui.Write(table);
    }

    private static string Signed(double value, int digits) => (value > 0 ? "+" : "") + NumberText.Fixed(value, digits);

    private static string Interval(ScoreInterval interval, int digits) =>
        $"[{Signed(interval.Low, digits)}, {Signed(interval.High, digits)}]";

    private static string Word(ComparisonVerdict verdict) =>
        verdict == ComparisonVerdict.NotToldApart ? "–" : ArmComparison.NameOf(verdict);

    private void WriteSkipped()
    {
        foreach (IGrouping<string, SkippedArm> reason in run.Skipped.GroupBy(s => $"{s.Arm.Name}: {s.Reason}"))
        {
            string where = string.Join(", ", reason.Select(s => $"{s.Task}, seed {s.Seed}"));
            ui.WriteLine(ConsoleUi.OneLine($"left out, {reason.Key} ({where})"));
        }
    }

    private void WriteHeld()
    {
        foreach (HeldArm held in run.Held) ui.WriteLine($"not done yet: {ExperimentConsole.Describe(held)}");
        if (run.Held.Count > 0)
            ui.WriteLine("The process that ends last has all results; if one died, the same command with --resume takes its arms over.");
        if (run.Part.Count > 1)
            ui.WriteLine($"This is part {run.Part}; kslottery experiment with --collect and the folders of all parts gives the whole.");
    }

    private void WriteTickets()
    {
        if (run.Tickets.Count == 0) return;
        TicketPair[] pairs = [.. TicketPair.Of(run.Tickets)];
        ui.WriteLine();
        IEnumerable<string> sizes = run.Tickets.GroupBy(t => t.Task)
            .Select(g => $"{ConsoleUi.OneLine(g.Key)} {Range(g.Select(t => (int?)t.Ticket.Entries.Count))} "
                + (g.All(t => t.Ticket.Entries.Count == 1) ? "row" : "rows"));
        ui.WriteLine(string.Create(CultureInfo.InvariantCulture, $"tickets at alpha {_plan.Alpha}: {string.Join("; ", sizes)}"));
        Overlap("between seeds of one task", pairs.Where(p => p.One.Task == p.Other.Task));
        Overlap("between tasks", pairs.Where(p => p.One.Task != p.Other.Task));

        void Overlap(string what, IEnumerable<TicketPair> some)
        {
            TicketPair[] known = [.. some.Where(p => p.Union > 0)];
            if (known.Length > 0)
                ui.WriteLine($"{what} they share {Text(ArmSpread.Of(known.Select(p => (double)p.Shared)), 1)} rows, Jaccard "
                    + $"{Text(ArmSpread.Of(known.Select(p => p.Jaccard)), 2)}; by chance "
                    + $"{NumberText.Fixed(known.Average(p => p.SharedByChance), 1)} rows");
        }
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        StopOptions.WriteJson(json, run.Stops, run.Tokenizer);
        json.WriteStartArray("results");
        foreach (ExperimentTask task in _plan.Tasks)
            foreach (ArmResult result in _plan.Arms.SelectMany(arm => Of(task, arm)))
            {
                json.WriteStartObject();
                json.WriteString("task", result.Task);
                json.WriteNumberOrNull("seed", result.Seed);
                json.WriteString("method", result.Arm.Name);
                json.WriteNumberOrNull("rows", result.Rows);
                json.WriteNumber("parameters", result.Parameters);
                json.WriteNumber("share", result.Share);
                foreach ((string name, Func<ArmOutcome, double> get) in ArmOutcome.Columns)
                    json.WriteNumberOrNull(name, get(result.Outcome));
                json.WriteBoolean("diverged", result.HasDiverged);
                json.WriteStartArray("control_of");
                foreach (ExperimentArm ticket in _plan.ControlledBy(result.Arm)) json.WriteStringValue(ticket.Name);
                json.WriteEndArray();
                json.WriteEndObject();
            }
        json.WriteEndArray();
        json.WriteStartArray("comparisons");
        foreach (ArmComparison one in run.Comparisons)
        {
            json.WriteStartObject();
            json.WriteString("task", one.Task);
            json.WriteString("method", one.Arm.Name);
            json.WriteString("control", one.Control.Name);
            json.WriteNumber("seeds", one.Seeds);
            json.WriteNumber("segments", one.Segments);
            WriteInterval(json, "bleu", one.Bleu, one.ByBleu);
            WriteInterval(json, "loss", one.Loss, one.ByLoss);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("left_out");
        foreach (SkippedArm skipped in run.Skipped)
        {
            json.WriteStartObject();
            json.WriteString("task", skipped.Task);
            json.WriteNumber("seed", skipped.Seed);
            json.WriteString("method", skipped.Arm.Name);
            json.WriteString("reason", skipped.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("held");
        foreach (HeldArm held in run.Held)
        {
            json.WriteStartObject();
            json.WriteString("task", held.Task);
            json.WriteNumberOrNull("seed", held.Seed);
            json.WriteString("method", held.Arm.Name);
            json.WriteNumber("process", held.ProcessId);
            json.WriteString("host", held.Host);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("tickets");
        foreach (FoundTicket ticket in run.Tickets)
        {
            json.WriteStartObject();
            json.WriteString("task", ticket.Task);
            json.WriteNumber("seed", ticket.Seed);
            json.WriteString("signature", ticket.Ticket.Signature.ToString());
            json.WriteStartArray("ids");
            foreach (int id in ticket.Ticket.Ids) json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteInterval(
        Utf8JsonWriter json, string name, ScoreInterval interval, ComparisonVerdict verdict)
    {
        json.WriteStartObject(name);
        json.WriteNumberOrNull("difference", interval.Value);
        json.WriteNumberOrNull("low", interval.Low);
        json.WriteNumberOrNull("high", interval.High);
        json.WriteString("verdict", ArmComparison.NameOf(verdict));
        json.WriteEndObject();
    }

    private static string Range(IEnumerable<int?> rows)
    {
        int[] known = [.. rows.OfType<int>()];
        return known.Length == 0 ? ""
            : known.Min() == known.Max() ? Sizes.Count(known[0])
            : $"{Sizes.Count(known.Min())}–{Sizes.Count(known.Max())}";
    }

    private static string Text(ArmSpread spread, int digits, bool isShare = false)
    {
        double scale = isShare ? 100 : 1;
        string deviation = spread.Count > 1 ? $" ± {NumberText.Fixed(scale * spread.Deviation, digits)}" : "";
        return NumberText.Fixed(scale * spread.Mean, digits) + deviation + (isShare ? " %" : "");
    }
}
