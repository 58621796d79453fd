using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Cli;

/// <summary>Prints an experiment: a table for each task in the paper's form, and what its tickets have in common.</summary>
internal sealed class ExperimentReport(ExperimentRun run, ConsoleUi ui)
{
    private readonly ExperimentPlan _plan = run.Plan;

    private static readonly (string Title, Func<ArmOutcome, double> Get, int Digits, bool IsShare)[] Scores =
    [
        ("BLEU", o => o.Bleu, 1, false), ("1st line", o => o.BleuFirstLine, 1, false), ("response", o => o.BleuResponse, 1, false),
        ("chrF", o => o.Chrf, 1, false), ("chrF 1st line", o => o.ChrfFirstLine, 1, false), ("exact", o => o.ExactMatchRate, 0, true),
        ("stops", o => o.EosRate, 0, true),
        ("tokens", o => o.MeanTokens, 1, false), ("loss", o => o.Loss, 3, false),
    ];

    /// <param name="end">The last line: how long it took, and where it stands.</param>
    public void Write(string end)
    {
        foreach (ExperimentTask task in _plan.Tasks.Where(task => run.Results.Any(r => r.Task == task.Name))) WriteTask(task);
        WriteSkipped();
        WriteHeld();
        WriteTickets();
        ui.WriteLine();
        ui.WriteLine("BLEU: of all that was written, of its first line, and of what the authors' rule reads. Where they differ, the "
            + "model does not stop");
        ui.WriteLine("(stops: the share of texts that it ended itself), and what tuning gains there is learning to stop. loss: nats a "
            + "target token."
            + (CountSeeds(_ => true) is > 1 and int seeds ? $" Means over {seeds} seeds ± their standard deviation." : ""));
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
        TextTable table = new(["method", .. isControlNamed ? (string[])["control of"] : [], ">rows", ">parameters", ">share",
            .. Scores.Select(s => ">" + s.Title)]);
        foreach (ExperimentArm arm in _plan.Arms)
        {
            ArmResult[] lines = [.. Of(task, arm)];
            if (lines.Length == 0) continue;
            double parameters = lines.Average(l => (double)l.Parameters);
            string controlled = string.Join("; ", _plan.ControlledBy(arm).Select(a => a.Name));
            string diverged = lines.Any(l => l.HasDiverged) ? " (diverged)" : "";
            table.Add([ConsoleUi.OneLine(arm.Name) + diverged, .. isControlNamed ? (string[])[ConsoleUi.OneLine(controlled)] : [],
                Range(lines.Select(l => l.Rows)), parameters == 0 ? "" : Sizes.Count((long)Math.Round(parameters)),
                parameters == 0 ? "" : NumberText.Percent(lines.Average(l => l.Share)),
                .. Scores.Select(s => Text(ArmSpread.Of(lines.Select(l => s.Get(l.Outcome))), s.Digits, s.IsShare))]);
        }
        ui.WriteLine();
        (int count, int repeated) = run.TestPairs[task.Name];
        string known = repeated > 0 ? $" ({Sizes.Count(repeated)} of them trained on)" : "";
        string how = _plan.Beams == 1 ? "greedily" : Sizes.Count(_plan.Beams, "beam");
        ui.WriteLine($"== {ConsoleUi.OneLine(task.Name)}: {Sizes.Count(count, "test pair")}{known}, {how}, "
            + Sizes.Count(CountSeeds(r => r.Task == task.Name), "seed"));
        ui.Write(table);
    }

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
            .Select(g => $"{ConsoleUi.OneLine(g.Key)} {Range(g.Select(t => (int?)t.Ticket.Entries.Count))} rows");
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
