using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>What <c>tune</c> and <c>pretrain</c> say about a run while it goes and at its end.</summary>
internal sealed class TrainingReport
{
    private readonly ConsoleUi _ui;
    private readonly TrainingSummary _summary;
    private readonly string _output, _next;

    private TrainingReport(ConsoleUi ui, string output, string next, TrainingSummary summary) =>
        (_ui, _output, _next, _summary) = (ui, output, next, summary);

    /// <summary>Trains with progress on stderr, and words a cancellation.</summary>
    /// <param name="ui">The console.</param>
    /// <param name="output">The folder.</param>
    /// <param name="next">The command that usually follows.</param>
    /// <param name="run">Trains.</param>
    public static TrainingReport Of(ConsoleUi ui, string output, string next, Func<IProgress<TrainingProgress>, TrainingSummary> run)
    {
        ui.Flush();
        try
        {
            using ProgressLine line = ui.StartProgress();
            return new(ui, output, next, run(ShowOn(line)));
        }
        catch (OperationCanceledException e)
        {
            throw new CommandException(ExitCode.Cancelled,
                $"cancelled; the run stands in {output} as far as it came. Go on by the same command with --resume.", e);
        }
    }

    /// <summary>Shows each step on a progress line.</summary>
    public static IProgress<TrainingProgress> ShowOn(ProgressLine line) => new Shown(line);

    /// <summary>Writes what came of it.</summary>
    public void Write()
    {
        FactList facts = new FactList().Add("loss", $"{Loss(_summary.FirstLoss)} at the first step, {Loss(_summary.LastLoss)} at the last");
        if (_summary.EvalLossAfter is not null)
            facts.Add("held out", $"{Loss(_summary.EvalLossBefore)} before, {Loss(_summary.EvalLossAfter)} after");
        facts.Add("trained", Sizes.Count(_summary.ParameterCount, "parameter"))
            .Add("frozen", _summary.FrozenFingerprint is { } frozen ? $"{frozen}, the same before and after" : "nothing")
            .Add("memory", $"{Sizes.Bytes(_summary.PeakBytes)} at most, mapped weights not counted");
        if (_summary.Files.InexactValues > 0)
            facts.Add("rounded", $"{Sizes.Count(_summary.Files.InexactValues, "trained value")} to the base's type");
        facts.Add("output", ConsoleUi.OneLine(_output))
            .Add("written", string.Join(", ", _summary.Files.Names.Select(ConsoleUi.OneLine)))
            .Add("next", ConsoleUi.OneLine(_next))
            .WriteTo(_ui);
        if (_summary.Files.OverflowedValues > 0)
            _ui.Remark($"note: {Sizes.Count(_summary.Files.OverflowedValues, "trained value")} lay beyond the base's type and became "
                + "infinite: write F32 (--dtype f32).");
    }

    /// <summary>Writes the same as properties.</summary>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteNumber("steps", _summary.StepCount);
        json.WriteNumber("trained_parameters", _summary.ParameterCount);
        json.WriteNumberOrNull("first_loss", _summary.FirstLoss ?? double.NaN);
        json.WriteNumberOrNull("last_loss", _summary.LastLoss ?? double.NaN);
        json.WriteNumberOrNull("eval_loss_before", _summary.EvalLossBefore ?? double.NaN);
        json.WriteNumberOrNull("eval_loss_after", _summary.EvalLossAfter ?? double.NaN);
        json.WriteString("frozen_fingerprint", _summary.FrozenFingerprint);
        json.WriteNumber("peak_bytes", _summary.PeakBytes);
        json.WriteNumber("inexact_values", _summary.Files.InexactValues);
        json.WriteNumber("overflowed_values", _summary.Files.OverflowedValues);
        json.WriteString("output", _output);
        json.WriteStrings("files", _summary.Files.Names);
        json.WriteString("next", _next);
    }

    private static string Loss(double? loss) => NumberText.Fixed(loss ?? double.NaN, 4);

    /// <summary>A step in words.</summary>
    public static string Describe(TrainingProgress value)
    {
        StepMetrics step = value.Step;
        string rate = (step.LearningRate ?? 0).ToString("0.##e+00", CultureInfo.InvariantCulture);
        return $"step {Sizes.Count(step.Step)} of {Sizes.Count(value.StepCount)}: loss {Loss(step.Loss ?? step.EvalLoss)}, rate {rate}, "
            + $"{Sizes.Count((long)(step.TokensPerSecond ?? 0))} tokens/s, {Left(value.Remaining)} left";
    }

    private static string Left(TimeSpan time) => time < TimeSpan.Zero ? "?"
        : time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{time.Seconds} s";

    private sealed class Shown(ProgressLine line) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => line.Report(() => Describe(value));
    }
}
