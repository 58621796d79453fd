using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>What <c>graft</c> says before, while and after it learns.</summary>
internal sealed class GraftReport(ConsoleUi ui, GraftOptions options, GraftRun run)
{
    /// <summary>Writes what will be done.</summary>
    public void WriteFacts(TuneData data, ComputeDevice device)
    {
        string skipped = data.Skipped > 0 ? $", {Sizes.Count(data.Skipped)} left out" : "";
        new FactList()
            .Add("base", ConsoleUi.OneLine(options.Base))
            .Add("tuned", ConsoleUi.OneLine(options.Tuned))
            .Add("scope", Sizes.Count(run.ScopeElements, "element"))
            .Add("base patch", $"{Sizes.Count(run.PatchElements, "element")}, those that moved farthest")
            .Add("candidates", $"{Sizes.Count(run.CandidateCount, "element")}, whose mask learns")
            .Add("data", $"{Sizes.Count(data.Training.Count, "pair")}, {Sizes.Count(data.TokenCount, "token")}{skipped}")
            .Add("held out", Sizes.Count(data.Evaluation.Count, "pair"))
            .Add("prompt", options.Prompt.TemplateOrAlpaca.Name)
            .Add("steps", string.Create(CultureInfo.InvariantCulture,
                $"{Sizes.Count(options.How.Steps)} of {Sizes.Count(options.How.BatchSize)} pairs at most, rate "
                + $"{options.How.LearningRate:0.##e+0}"))
            .Add("device", DeviceOption.Describe(device))
            .WriteTo(ui);
    }

    /// <summary>A step in words.</summary>
    public static string Describe(GraftProgress value) =>
        $"step {Sizes.Count(value.Step.Step)} of {Sizes.Count(value.StepCount)}: held-out loss {Loss(value.Step.EvalLoss)} of "
        + $"{Sizes.Count(value.Elements, "element")} at best, {TrainingReport.Left(value.Remaining)} left";

    /// <summary>Writes what came of it.</summary>
    public void Write(GraftSummary summary)
    {
        FactList facts = new FactList()
            .Add("graft", $"{Sizes.Count(summary.Elements, "element")}, {NumberText.Percent(summary.Share)} of the scope, "
                + (summary.BestStep == 0 ? "the base patch as it was" : $"of step {Sizes.Count(summary.BestStep)}"))
            .Add("held out", $"base {Loss(summary.BaseLoss)}, tuned {Loss(summary.TunedLoss)}, base patch {Loss(summary.PatchLoss)}, "
                + $"graft {Loss(summary.Loss)}")
            .Add("keeps", double.IsNaN(summary.RecoveredGain) ? "nothing to keep: the tuned model is no better than the base here"
                : $"{NumberText.Percent(summary.RecoveredGain)} of what the tuned model's loss gained")
            .Add("memory", $"{Sizes.Bytes(summary.PeakBytes)} at most, mapped weights not counted")
            .Add("output", ConsoleUi.OneLine(options.Folder.Out))
            .Add("written", string.Join(", ", summary.Files));
        string? next = summary.Files.Contains(TicketPatch.FileName)
            ? $"kslottery apply {options.Base} {options.Folder.Out} --out DIR" : null;
        if (next is not null) facts.Add("next", ConsoleUi.OneLine(next));
        facts.WriteTo(ui);
        if (summary.WhyNoPatch is { } reason) ui.Remark($"note: no {TicketPatch.FileName}: {reason}.");
        if (summary.Elements == 0) ui.Remark($"note: no {TicketPatch.FileName}: the graft is empty, the base itself had the lowest loss.");
        ui.WriteJson(json =>
        {
            json.WriteString("base", options.Base);
            json.WriteString("tuned", options.Tuned);
            json.WriteNumber("scope_elements", summary.ScopeElements);
            json.WriteNumber("candidates", summary.CandidateCount);
            json.WriteNumber("base_patch_elements", summary.PatchElements);
            json.WriteNumber("elements", summary.Elements);
            json.WriteNumber("share", summary.Share);
            json.WriteNumber("share_of_checkpoint", (double)summary.Elements / summary.CheckpointElements);
            json.WriteNumber("steps", summary.StepCount);
            json.WriteNumber("best_step", summary.BestStep);
            json.WriteNumber("base_loss", summary.BaseLoss);
            json.WriteNumber("tuned_loss", summary.TunedLoss);
            json.WriteNumber("base_patch_loss", summary.PatchLoss);
            json.WriteNumber("loss", summary.Loss);
            json.WriteNumberOrNull("recovered_gain", summary.RecoveredGain);
            json.WriteNumber("peak_bytes", summary.PeakBytes);
            json.WriteString("output", options.Folder.Out);
            json.WriteStrings("files", summary.Files);
            json.WriteString("next", next);
        });
    }

    private static string Loss(double? loss) => NumberText.Fixed(loss ?? double.NaN, 4);
}
