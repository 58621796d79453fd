using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Cli;

/// <summary>Prints a reproduction: a table for each task, the tickets, what each arm spent, and the verdicts.</summary>
internal sealed class ReproductionReport(ReproductionRecipe recipe, ReproductionRun run, ConsoleUi ui)
{
    private readonly (string Title, Func<ArmOutcome, double> Get, double Scale, int Digits)[] _scores =
    [
        ("exact", o => o.ExactMatchRate, 100, 1), ("BLEU", o => o.Bleu, 1, 1), ("1st line", o => o.BleuFirstLine, 1, 1),
        ("chrF", o => o.Chrf, 1, 1), ("stops", o => o.EosRate, 100, 0), ("loss", o => o.Loss, 1, 3),
        .. run.Results.Any(r => r.Outcome.CalibrationError is not null)
            ? new[] { ("ECE", (Func<ArmOutcome, double>)(o => o.CalibrationError ?? double.NaN), 100.0, 2) } : [],
    ];

    // Of a report card's cells, over the seeds; shares in percent.
    private static readonly (string Title, Func<MatrixCell, double> Get, double Scale, int Digits)[] CellScores =
    [
        ("chrF", c => c.Scores.Chrf.Score, 1, 1), ("gain", c => c.Gain ?? double.NaN, 1, 1),
        ("BLEU over pieces", c => c.Scores.PieceBleu.Score, 1, 1), ("off-target", c => c.Scores.OffTargetRate, 100, 1),
        ("error", c => c.Accuracy.ErrorRate, 100, 1), ("stops", c => c.Scores.Summary.EosRate, 100, 0),
    ];

    /// <param name="end">The last line.</param>
    public void Write(string end)
    {
        ui.WriteLine(ConsoleUi.OneLine($"{recipe.Name}, revision {recipe.Revision}: {recipe.Title}"));
        ui.WriteLine(ConsoleUi.OneLine($"source: {recipe.Paper}"));
        foreach (string deviation in recipe.Deviations) ui.WriteLine(ConsoleUi.OneLine($"other than there: {deviation}"));
        if (run.Results.Count > 0)
            foreach (ExperimentTask task in recipe.Plan.Tasks) WriteTask(task);
        foreach (IGrouping<string, MadeCard> card in run.Cards.GroupBy(c => c.Step)) WriteCard(card);
        WriteMeasures();
        WriteTickets();
        WriteOverlaps();
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
            .. _scores.Select(s => ">" + s.Title)]);
        foreach (IGrouping<string, StepResult> step in run.Results.Where(r => r.Task == task.Name).GroupBy(r => r.Step))
        {
            StepResult[] lines = [.. step];
            double flops = lines.Average(l => l.Cost.Flops), search = lines.Average(l => l.Search.Flops);
            table.Add([ConsoleUi.OneLine(step.Key) + (lines.Any(l => l.HasDiverged) ? " (diverged)" : ""),
                Whole(lines.Average(l => (double)l.Parameters)), Whole(lines.Average(l => l.Cost.Tokens)),
                flops == 0 ? "" : NumberText.Fixed(flops / 1e9, 1), flops == 0 ? "" : NumberText.Percent(search / flops),
                lines.Max(l => l.PeakBytes) is > 0 and var peak ? Sizes.Bytes(peak) : "",
                .. _scores.Select(s => Text(ArmSpread.Of(lines.Select(l => s.Scale * s.Get(l.Outcome))), s.Digits))]);
        }
        ui.WriteLine();
        ui.WriteLine(ConsoleUi.OneLine($"== {task.Name}, {Sizes.Count(recipe.Plan.Seeds.Count, "seed")}"
            + $"{(recipe.IsShort ? ", the short form" : "")}"));
        ui.Write(table);
    }

    private void WriteCard(IGrouping<string, MadeCard> card)
    {
        TextTable table = new(["model", "test", "pair", .. CellScores.Select(s => ">" + s.Title), ">flagged"]);
        foreach (IGrouping<(string Model, string Test), MatrixCell> cell in
            card.SelectMany(c => c.Result.Cells).GroupBy(c => (c.Model.Name, c.Test.Name)))
            table.Add([ConsoleUi.OneLine(cell.Key.Model), ConsoleUi.OneLine(cell.Key.Test), MatrixReport.NameOf(cell.First().Exposure),
                .. CellScores.Select(s => Text(ArmSpread.Of(cell.Select(c => s.Scale * s.Get(c))), s.Digits)),
                $"{cell.Count(c => c.IsOffTarget)} of {cell.Count()}"]);
        ui.WriteLine();
        ui.WriteLine(ConsoleUi.OneLine($"== {card.Key}, {Sizes.Count(recipe.Plan.Seeds.Count, "seed")}"));
        ui.Write(table);
        ui.WriteLine("off-target: outputs in another language than the target's; error: the identifier's own, on held-out lines of that "
            + "language; flagged: seeds in which the one is more than the other explains");
    }

    private void WriteOverlaps()
    {
        if (run.Overlaps.Count == 0) return;
        TextTable table = new(["tickets", ">shared", ">by chance", .. TicketOverlap.Measures.SelectMany(m =>
            (string[])[$">{m.Name.Replace('_', ' ')}", ">by chance"])]);
        foreach (IGrouping<(string One, string Other), TicketOverlap> pair in run.Overlaps.GroupBy(o => (o.One, o.Other)))
        {
            table.Add([ConsoleUi.OneLine($"{pair.Key.One} and {pair.Key.Other}"), Over(o => o.Found.Shared, 1),
                Over(o => o.ByChance.Shared, 1), .. TicketOverlap.Measures.SelectMany(m =>
                    (string[])[Over(o => m.Get(o.Found), 4), Over(o => m.Get(o.ByChance), 4)])]);

            string Over(Func<TicketOverlap, double> get, int digits) => Text(ArmSpread.Of(pair.Select(get)), digits);
        }
        ui.WriteLine();
        ui.Write(table);
    }

    private void WriteMeasures()
    {
        if (run.MadeMeasures.Count == 0) return;
        TextTable table = new("step", "task", "measure", ">value");
        foreach (IGrouping<(string Step, string Task, string Measure), MadeMeasure> measure in
            run.MadeMeasures.GroupBy(m => (m.Step, m.Task, m.Measure)))
            table.Add(ConsoleUi.OneLine(measure.Key.Step), ConsoleUi.OneLine(measure.Key.Task), measure.Key.Measure.Replace('_', ' '),
                Text(ArmSpread.Of(measure.Select(m => m.Value)), 4));
        ui.WriteLine();
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
            foreach ((string name, Func<StepResult, double> get) in run.Measures) json.WriteNumberOrNull(name, get(result));
            json.WriteBoolean("diverged", result.HasDiverged);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (run.Cards.Count > 0) WriteCards(json);
        if (run.MadeMeasures.Count > 0) WriteMeasures(json);
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

    private void WriteMeasures(Utf8JsonWriter json)
    {
        json.WriteStartArray("measures");
        foreach (MadeMeasure measure in run.MadeMeasures)
        {
            json.WriteStartObject();
            json.WriteNumber("seed", measure.Seed);
            json.WriteString("step", measure.Step);
            json.WriteString("task", measure.Task);
            json.WriteString("measure", measure.Measure);
            json.WriteNumberOrNull("value", measure.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteCards(Utf8JsonWriter json)
    {
        json.WriteStartArray("cards");
        foreach (MadeCard card in run.Cards)
        {
            json.WriteStartObject();
            json.WriteNumber("seed", card.Seed);
            json.WriteString("card", card.Step);
            card.Result.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
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
