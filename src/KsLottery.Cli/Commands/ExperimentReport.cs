using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Experiments;

namespace KsLottery.Cli.Commands;

/// <summary>Prints an experiment: a table for each task in the paper's form, and what its tickets have in common.</summary>
internal sealed class ExperimentReport(ExperimentRun run, ExperimentPlan plan, ConsoleUi ui)
{
    private static readonly (string Title, Func<ArmOutcome, double> Get, int Digits, bool IsShare)[] Scores =
    [
        ("BLEU", o => o.Bleu, 1, false), ("1st line", o => o.BleuFirstLine, 1, false), ("response", o => o.BleuResponse, 1, false),
        ("chrF", o => o.Chrf, 1, false), ("chrF 1st line", o => o.ChrfFirstLine, 1, false), ("exact", o => o.ExactMatchRate, 0, true), ("stops", o => o.EosRate, 0, true),
        ("tokens", o => o.MeanTokens, 1, false), ("loss", o => o.Loss, 3, false),
    ];

    /// <param name="end">The last line: how long it took, and where it stands.</param>
    public void Write(string end)
    {
        foreach (ExperimentTask task in plan.Tasks) WriteTask(task);
        WriteSkipped();
        WriteTickets();
        ui.WriteLine();
        ui.WriteLine("BLEU: of all that was written, of its first line, and of what the authors' rule reads. Where they differ, the model does not stop");
        ui.WriteLine("(stops: the share of texts that it ended itself), and what tuning gains there is learning to stop. loss: nats a target token."
            + (plan.Seeds.Count > 1 ? $" Means over {plan.Seeds.Count} seeds ± their standard deviation." : ""));
        ui.WriteLine(end);
        ui.WriteJson(WriteJson);
    }

    private IEnumerable<ArmResult> Of(ExperimentTask task, ExperimentArm arm) => run.Results.Where(r => r.Task == task.Name && r.Arm == arm);

    private void WriteTask(ExperimentTask task)
    {
        TextTable table = new(["method", ">rows", ">parameters", ">share", .. Scores.Select(s => ">" + s.Title)]);
        foreach (ExperimentArm arm in plan.Arms)
        {
            ArmResult[] lines = [.. Of(task, arm)];
            if (lines.Length == 0) continue;
            double parameters = lines.Average(l => (double)l.Parameters);
            table.Add([ConsoleUi.OneLine(arm.Name), Range(lines.Select(l => l.Rows)),
                parameters == 0 ? "" : Sizes.Count((long)Math.Round(parameters)), parameters == 0 ? "" : NumberText.Percent(lines.Average(l => l.Share)),
                .. Scores.Select(s => Text(ArmSpread.Of(lines.Select(l => s.Get(l.Outcome))), s.Digits, s.IsShare))]);
        }
        ui.WriteLine();
        (int count, int repeated) = run.TestPairs[task.Name];
        ui.WriteLine($"== {ConsoleUi.OneLine(task.Name)}: {Sizes.Count(count, "test pair")}{(repeated > 0 ? $" ({Sizes.Count(repeated)} of them trained on)" : "")}, "
            + $"{(plan.Beams == 1 ? "greedily" : Sizes.Count(plan.Beams, "beam"))}, {Sizes.Count(plan.Seeds.Count, "seed")}");
        ui.Write(table);
    }

    private void WriteSkipped()
    {
        foreach (IGrouping<string, SkippedArm> reason in run.Skipped.GroupBy(s => $"{s.Arm.Name}: {s.Reason}"))
            ui.WriteLine(ConsoleUi.OneLine($"left out, {reason.Key} ({string.Join(", ", reason.Select(s => $"{s.Task}, seed {s.Seed}"))})"));
    }

    private void WriteTickets()
    {
        if (run.Tickets.Count == 0) return;
        TicketPair[] pairs = [.. TicketPair.Of(run.Tickets)];
        ui.WriteLine();
        IEnumerable<string> sizes = run.Tickets.GroupBy(t => t.Task)
            .Select(g => $"{ConsoleUi.OneLine(g.Key)} {Range(g.Select(t => (int?)t.Ticket.Entries.Count))} rows");
        ui.WriteLine(string.Create(CultureInfo.InvariantCulture, $"tickets at alpha {plan.Alpha}: {string.Join("; ", sizes)}"));
        Overlap("between seeds of one task", pairs.Where(p => p.One.Task == p.Other.Task));
        Overlap("between tasks", pairs.Where(p => p.One.Task != p.Other.Task));

        void Overlap(string what, IEnumerable<TicketPair> some)
        {
            TicketPair[] known = [.. some.Where(p => p.Union > 0)];
            if (known.Length > 0)
                ui.WriteLine($"{what} they share {Text(ArmSpread.Of(known.Select(p => (double)p.Shared)), 1)} rows, Jaccard "
                    + $"{Text(ArmSpread.Of(known.Select(p => p.Jaccard)), 2)}; by chance {NumberText.Fixed(known.Average(p => p.SharedByChance), 1)} rows");
        }
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray("results");
        foreach (ExperimentTask task in plan.Tasks)
            foreach (ArmResult result in plan.Arms.SelectMany(arm => Of(task, arm)))
            {
                json.WriteStartObject();
                json.WriteString("task", result.Task);
                json.WriteNumberOrNull("seed", result.Seed ?? double.NaN);
                json.WriteString("method", result.Arm.Name);
                json.WriteNumberOrNull("rows", result.Rows ?? double.NaN);
                json.WriteNumber("parameters", result.Parameters);
                json.WriteNumber("share", result.Share);
                foreach ((string name, Func<ArmOutcome, double> get) in ArmOutcome.Columns) json.WriteNumberOrNull(name, get(result.Outcome));
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
