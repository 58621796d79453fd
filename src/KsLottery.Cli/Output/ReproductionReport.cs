using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Cli;

/// <summary>Prints a reproduction: a table for each task, the tickets, what each arm spent, and the verdicts.</summary>
internal sealed class ReproductionReport(ReproductionRecipe recipe, ReproductionRun run, ConsoleUi ui)
{
    private static readonly (string Title, Func<ArmOutcome, double> Get, double Scale, int Digits)[] Scores =
    [
        ("exact", o => o.ExactMatchRate, 100, 1), ("BLEU", o => o.Bleu, 1, 1), ("1st line", o => o.BleuFirstLine, 1, 1),
        ("chrF", o => o.Chrf, 1, 1), ("stops", o => o.EosRate, 100, 0), ("loss", o => o.Loss, 1, 3),
    ];

    /// <param name="end">The last line.</param>
    public void Write(string end)
    {
        ui.WriteLine(ConsoleUi.OneLine($"{recipe.Name}, revision {recipe.Revision}: {recipe.Title}"));
        ui.WriteLine(ConsoleUi.OneLine($"source: {recipe.Paper}"));
        foreach (string deviation in recipe.Deviations) ui.WriteLine(ConsoleUi.OneLine($"other than there: {deviation}"));
        foreach (ExperimentTask task in recipe.Plan.Tasks) WriteTask(task);
        WriteTickets();
        foreach (IGrouping<string, SkippedStep> skipped in run.Skipped.GroupBy(s => $"{s.Step}: {s.Reason}"))
            ui.WriteLine(ConsoleUi.OneLine($"left out, {skipped.Key} (seed {string.Join(", ", skipped.Select(s => s.Seed))})"));
        WriteClaims();
        ui.WriteLine();
        ui.WriteLine(end);
        ui.WriteJson(WriteJson);
    }

    private void WriteTask(ExperimentTask task)
    {
        TextTable table = new(["step", ">values", ">tokens", ">GFLOPs", ">of it search", ">peak memory",
            .. Scores.Select(s => ">" + s.Title)]);
        foreach (IGrouping<string, StepResult> step in run.Results.Where(r => r.Task == task.Name).GroupBy(r => r.Step))
        {
            StepResult[] lines = [.. step];
            double flops = lines.Average(l => l.Cost.Flops), search = lines.Average(l => l.Search.Flops);
            table.Add([ConsoleUi.OneLine(step.Key) + (lines.Any(l => l.HasDiverged) ? " (diverged)" : ""),
                Whole(lines.Average(l => (double)l.Parameters)), Whole(lines.Average(l => l.Cost.Tokens)),
                flops == 0 ? "" : NumberText.Fixed(flops / 1e9, 1), flops == 0 ? "" : NumberText.Percent(search / flops),
                lines.Max(l => l.PeakBytes) is > 0 and var peak ? Sizes.Bytes(peak) : "",
                .. Scores.Select(s => Text(ArmSpread.Of(lines.Select(l => s.Scale * s.Get(l.Outcome))), s.Digits))]);
        }
        ui.WriteLine();
        ui.WriteLine(ConsoleUi.OneLine($"== {task.Name}, {Sizes.Count(recipe.Plan.Seeds.Count, "seed")}"
            + $"{(recipe.IsShort ? ", the short form" : "")}"));
        ui.Write(table);
    }

    private void WriteTickets()
    {
        if (run.Tickets.Count == 0) return;
        TextTable table = new("ticket", ">units", ">values", ">tensors");
        foreach (IGrouping<string, MadeTicket> ticket in run.Tickets.GroupBy(t => t.Step))
            table.Add(ConsoleUi.OneLine(ticket.Key), Range(ticket.Select(t => t.Units)), Range(ticket.Select(t => t.Parameters)),
                Range(ticket.Select(t => (long)t.Tensors)));
        ui.WriteLine();
        ui.Write(table);
    }

    private void WriteClaims()
    {
        if (recipe.IsShort)
        {
            ui.WriteLine();
            ui.WriteLine("This is the short form: it shows that all goes, and gives no verdict.");
            return;
        }
        TextTable table = new("claim", "verdict", ">mean", "seeds");
        foreach (JudgedClaim claim in run.Claims)
            table.Add(ConsoleUi.OneLine(claim.Claim.Says), VerdictRule.NameOf(claim.Figures.Verdict),
                NumberText.Fixed(claim.Figures.Mean, 3),
                claim.Claim is OpenClaim open ? ConsoleUi.OneLine(open.Why)
                    : string.Join(' ', claim.Figures.Seeds.Select(s => NumberText.Fixed(s, 3))));
        ui.WriteLine();
        ui.Write(table);
        string verdict = $"verdict on {recipe.Name}: {VerdictRule.NameOf(run.Verdict)}";
        if (run.Verdict == Verdict.Shown) ui.WriteLine(verdict);
        else ui.WriteAlarm(verdict);
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("system", recipe.Name);
        json.WriteNumber("revision", recipe.Revision);
        json.WriteString("recipe", recipe.Fingerprint);
        json.WriteBoolean("short", recipe.IsShort);
        json.WriteStartArray("results");
        foreach (StepResult result in run.Results)
        {
            json.WriteStartObject();
            json.WriteNumber("seed", result.Seed);
            json.WriteString("step", result.Step);
            json.WriteString("task", result.Task);
            json.WriteNumber("parameters", result.Parameters);
            json.WriteNumber("tokens", result.Cost.Tokens);
            json.WriteNumber("flops", result.Cost.Flops);
            json.WriteNumber("search_flops", result.Search.Flops);
            foreach ((string name, Func<StepResult, double> get) in StepResult.Measures) json.WriteNumberOrNull(name, get(result));
            json.WriteBoolean("diverged", result.HasDiverged);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("left_out");
        foreach (SkippedStep skipped in run.Skipped)
        {
            json.WriteStartObject();
            json.WriteNumber("seed", skipped.Seed);
            json.WriteString("step", skipped.Step);
            json.WriteString("reason", skipped.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (recipe.IsShort) return;
        json.WriteStartArray("claims");
        foreach (JudgedClaim claim in run.Claims)
        {
            json.WriteStartObject();
            json.WriteString("claim", claim.Claim.Says);
            json.WriteString("verdict", VerdictRule.NameOf(claim.Figures.Verdict));
            json.WriteNumberOrNull("mean", claim.Figures.Mean);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("verdict", VerdictRule.NameOf(run.Verdict));
    }

    private static string Whole(double value) => value == 0 ? "" : Sizes.Count((long)Math.Round(value));

    private static string Range(IEnumerable<long> values)
    {
        long[] known = [.. values];
        return known.Min() == known.Max() ? Sizes.Count(known[0]) : $"{Sizes.Count(known.Min())}–{Sizes.Count(known.Max())}";
    }

    private static string Text(ArmSpread spread, int digits) => NumberText.Fixed(spread.Mean, digits)
        + (spread.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" ± {NumberText.Fixed(spread.Deviation, digits)}") : "");
}
