using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>What <c>tune</c> and <c>pretrain</c> say about a run while it goes and at its end.</summary>
internal static class TrainingReport
{
    /// <summary>Runs a training with its progress on stderr, and words a cancellation.</summary>
    public static TrainingSummary Run(ConsoleUi ui, string output, Func<IProgress<TrainingProgress>, TrainingSummary> run)
    {
        ui.Flush();
        try
        {
            using ProgressLine line = ui.StartProgress();
            return run(new Shown(line));
        }
        catch (OperationCanceledException e)
        {
            throw new CommandException(ExitCode.Cancelled, $"cancelled; the run stands in {output} as far as it came. Go on with the same command and --resume.", e);
        }
    }

    /// <summary>Writes what came of it.</summary>
    public static void Write(ConsoleUi ui, TrainingSummary summary, string output, string next)
    {
        FactList facts = new FactList()
            .Add("loss", $"{Loss(summary.FirstLoss)} at the first step, {Loss(summary.LastLoss)} at the last");
        if (summary.EvalLossAfter is not null) facts.Add("held out", $"{Loss(summary.EvalLossBefore)} before, {Loss(summary.EvalLossAfter)} after");
        facts.Add("trained", Sizes.Count(summary.ParameterCount, "parameter"))
            .Add("frozen", summary.FrozenFingerprint is { } frozen ? $"{frozen}, the same before and after" : "nothing")
            .Add("memory", $"{Sizes.Bytes(summary.PeakBytes)} at most, mapped weights not counted");
        if (summary.Files.InexactValues > 0) facts.Add("rounded", $"{Sizes.Count(summary.Files.InexactValues, "trained value")} to the base's type");
        facts.Add("output", ConsoleUi.OneLine(output)).Add("written", string.Join(", ", summary.Files.Names)).Add("next", ConsoleUi.OneLine(next)).WriteTo(ui);
        if (summary.Files.OverflowedValues > 0)
            ui.Remark($"note: {Sizes.Count(summary.Files.OverflowedValues, "trained value")} lay beyond the base's type and became infinite: write F32 (--dtype f32).");
    }

    /// <summary>Writes the same as properties.</summary>
    public static void WriteJson(Utf8JsonWriter json, TrainingSummary summary, string output, string next)
    {
        json.WriteNumber("steps", summary.StepCount);
        json.WriteNumber("trained_parameters", summary.ParameterCount);
        json.WriteNumberOrNull("first_loss", summary.FirstLoss ?? double.NaN);
        json.WriteNumberOrNull("last_loss", summary.LastLoss ?? double.NaN);
        json.WriteNumberOrNull("eval_loss_before", summary.EvalLossBefore ?? double.NaN);
        json.WriteNumberOrNull("eval_loss_after", summary.EvalLossAfter ?? double.NaN);
        json.WriteString("frozen_fingerprint", summary.FrozenFingerprint);
        json.WriteNumber("peak_bytes", summary.PeakBytes);
        json.WriteNumber("inexact_values", summary.Files.InexactValues);
        json.WriteNumber("overflowed_values", summary.Files.OverflowedValues);
        json.WriteString("output", output);
        json.WriteStrings("files", summary.Files.Names);
        json.WriteString("next", next);
    }

    private static string Loss(double? loss) => NumberText.Fixed(loss ?? double.NaN, 4);

    private sealed class Shown(ProgressLine line) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => line.Report(() => string.Create(CultureInfo.InvariantCulture,
            $"step {value.Step.Step:N0} of {value.StepCount:N0}: loss {Loss(value.Step.Loss ?? value.Step.EvalLoss)}, rate {value.Step.LearningRate ?? 0:0.##e+00}, ")
            + $"{Sizes.Count((long)(value.Step.TokensPerSecond ?? 0))} tokens/s, {Left(value.Remaining)} left");

        private static string Left(TimeSpan time) => time < TimeSpan.Zero ? "?" : time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min"
            : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{time.Seconds} s";
    }
}
