using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>What <c>tune</c> and <c>pretrain</c> say about a run while it goes and at its end.</summary>
internal sealed class TrainingReport
{
    private readonly ConsoleUi _ui;
    private readonly TrainingSummary _summary;
    private readonly string _output, _next;
    private readonly bool _allowsDivergence;

    private TrainingReport(ConsoleUi ui, RunFolderOptions folder, string next, TrainingSummary summary) =>
        (_ui, _output, _next, _summary, _allowsDivergence) = (ui, folder.Out, next, summary, folder.AllowDivergence);

    /// <summary>What the process says: a training that diverged is no success unless that is allowed.</summary>
    public int ExitCode => _summary.HasDiverged && !_allowsDivergence ? Cli.ExitCode.VerificationFailed : Cli.ExitCode.Ok;

    /// <summary>Trains with progress on stderr, and words a cancellation.</summary>
    /// <param name="ui">The console.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="lostSteps">Steps of a run that was cut off before its first saved state.</param>
    /// <param name="next">The command that usually follows.</param>
    /// <param name="run">Trains.</param>
    public static TrainingReport Of(ConsoleUi ui, RunFolderOptions folder, int lostSteps, string next,
        Func<IProgress<TrainingProgress>, TrainingSummary> run)
    {
        ui.Flush();
        if (lostSteps > 0)
            ui.Remark($"note: the run in {folder.Out} was cut off before a state was saved; it begins again, and "
                + $"{Sizes.Count(lostSteps, "step")} "
                + "of its metrics are written anew.");
        try
        {
            using ProgressLine line = ui.StartProgress();
            return new(ui, folder, next, run(line.Of<TrainingProgress>(Describe)));
        }
        catch (OperationCanceledException e)
        {
            throw Cancelled(folder.Out, e);
        }
    }

    /// <summary>A cancellation in words.</summary>
    public static CommandException Cancelled(string output, OperationCanceledException cause) => new(Cli.ExitCode.Cancelled,
        $"cancelled; the run stands in {output} as far as it came. Go on by the same command with --resume.", cause);

    /// <summary>Shows each step on a progress line.</summary>
    public static IProgress<TrainingProgress> ShowOn(ProgressLine line) => line.Of<TrainingProgress>(Describe);

    /// <summary>Writes what came of it.</summary>
    public void Write()
    {
        FactList facts = new FactList().Add("steps", Sizes.Count(_summary.StepCount) + _summary.IdleSteps switch
        {
            0 => "",
            1 => ", of which the first of the warmup has the rate 0 and changes nothing",
            var idle => $", of which {Sizes.Count(idle)} have the rate 0 and change nothing",
        });
        facts.Add("loss", $"{Loss(_summary.FirstLoss)} at the first step, {Loss(_summary.LastLoss)} at the last");
        if (_summary.EvalLossAfter is not null)
            facts.Add("held out", $"{Loss(_summary.EvalLossBefore)} before, {Loss(_summary.EvalLossAfter)} after");
        facts.Add("trained", Sizes.Count(_summary.ParameterCount, "parameter"))
            .Add("frozen", _summary.FrozenFingerprint is { } frozen ? $"{frozen}, the same before and after" : "nothing")
            .Add("spent", $"{NumberText.Real(_summary.Cost.Flops)} FLOPs over {Sizes.Count((long)_summary.Cost.Tokens, "token")}")
            .Add("memory", $"{Sizes.Bytes(_summary.PeakBytes)} at most, mapped weights not counted");
        if (_summary.Traffic is { } sent)
            facts.Add("ranks", $"{Sizes.Count(sent.Ranks)}, {Sizes.Bytes(sent.BytesPerStep)} a step between them");
        if (_summary.Files.InexactValues > 0)
            facts.Add("rounded", $"{Sizes.Count(_summary.Files.InexactValues, "trained value")} to the base's type");
        facts.Add("output", ConsoleUi.OneLine(_output))
            .Add("written", string.Join(", ", _summary.Files.Names.Select(ConsoleUi.OneLine)));
        if (ExitCode == Cli.ExitCode.Ok) facts.Add("next", ConsoleUi.OneLine(_next));
        facts.WriteTo(_ui);
        if (_summary.Files.OverflowedValues > 0)
            _ui.Remark($"note: {Sizes.Count(_summary.Files.OverflowedValues, "trained value")} lay beyond the base's type and became "
                + "infinite: write F32 (--dtype f32).");
    }

    /// <summary>Says on stderr that the training diverged, where it did; to be called last.</summary>
    public void WriteDivergence()
    {
        if (!_summary.HasDiverged || _ui.IsMute) return;
        string values = _summary.HasNonFiniteValues ? ", and trained values are infinite or NaN" : "";
        string heldOut = _summary.EvalLossBefore is null ? ""
            : $", held out {Loss(_summary.EvalLossBefore)} before and {Loss(_summary.EvalLossAfter)} after";
        string what = $"the training diverged: its loss began at {Loss(_summary.FirstLoss)} and ended at "
            + $"{Loss(_summary.LastLoss)}{heldOut}{values}";
        if (_allowsDivergence) _ui.Remark($"note: {what}.");
        else _ui.Error($"error: {what}. The result stands in {_output}; lower the learning rate for a new run, or take it as it is "
            + "(--allow-divergence).");
    }

    /// <summary>Writes the same as properties.</summary>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteNumber("steps", _summary.StepCount);
        json.WriteNumber("idle_steps", _summary.IdleSteps);
        json.WriteNumber("trained_parameters", _summary.ParameterCount);
        json.WriteNumber("trained_tokens", _summary.Cost.Tokens);
        json.WriteNumber("flops", _summary.Cost.Flops);
        json.WriteNumberOrNull("first_loss", _summary.FirstLoss);
        json.WriteNumberOrNull("last_loss", _summary.LastLoss);
        json.WriteBoolean("diverged", _summary.HasDiverged);
        json.WriteNumberOrNull("eval_loss_before", _summary.EvalLossBefore);
        json.WriteNumberOrNull("eval_loss_after", _summary.EvalLossAfter);
        json.WriteString("frozen_fingerprint", _summary.FrozenFingerprint);
        json.WriteNumber("peak_bytes", _summary.PeakBytes);
        if (_summary.Traffic is { } sent)
        {
            json.WriteNumber("ranks", sent.Ranks);
            json.WriteNumber("sent_bytes_per_step", sent.BytesPerStep);
        }
        json.WriteNumber("inexact_values", _summary.Files.InexactValues);
        json.WriteNumber("overflowed_values", _summary.Files.OverflowedValues);
        json.WriteString("output", _output);
        json.WriteStrings("files", _summary.Files.Names);
        json.WriteString("next", ExitCode == Cli.ExitCode.Ok ? _next : null);
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

    /// <summary>The time that is left, in words.</summary>
    public static string Left(TimeSpan time) => time < TimeSpan.Zero ? "?"
        : time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{time.Seconds} s";
}
