using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>Shows on stderr how an experiment goes.</summary>
internal sealed class ExperimentConsole(ConsoleUi ui, ExperimentPlan plan, ExperimentPart part) : IExperimentObserver, IDisposable
{
    private readonly int _count = part.Of(plan)
        .Sum(pair => plan.WithControls().Arms.Count(a => a.Method != ArmMethod.Base || pair.Seed == plan.Seeds[0]));
    private ProgressLine? _line;
    private string _arm = "";
    private int _done;

    /// <summary>Reports every ticket.</summary>
    public Action<FoundTicket>? TicketFound { get; init; }

    public void OnArm(string task, ulong? seed, ExperimentArm arm)
    {
        _line?.Dispose();
        ui.Flush();
        string of = seed is { } known ? $"{task}, seed {known}" : task;
        _arm = ConsoleUi.OneLine($"{of}, {arm.Name} ({Sizes.Count(Math.Min(_done + 1, _count))} of {Sizes.Count(_count)})");
        _line = ui.StartProgress();
    }

    public void OnTraining(TrainingProgress progress) => _line?.Report(() => $"{_arm}: {TrainingReport.Describe(progress)}");

    public void OnTicket(FoundTicket ticket)
    {
        _line?.Clear();
        TicketFound?.Invoke(ticket);
    }

    public void OnScoring(EvaluationProgress progress) => _line?.Report(() => $"{_arm}: {EvalCommand.Describe(progress)}");

    public void OnScored(ArmResult result)
    {
        _done++;
        ui.Remark($"{_arm}: loss {NumberText.Fixed(result.Outcome.Loss, 3)}, BLEU {NumberText.Fixed(result.Outcome.Bleu, 1)}, "
            + $"first line {NumberText.Fixed(result.Outcome.BleuFirstLine, 1)}{(result.HasDiverged ? "; its training diverged" : "")}");
    }

    public void OnSkipped(SkippedArm skipped)
    {
        _done++;
        ui.Remark($"{_arm}: left out, {skipped.Reason}");
    }

    public void OnWaiting(IReadOnlyList<HeldArm> held)
    {
        _line?.Clear();
        foreach (HeldArm arm in held) ui.Remark($"waiting for {Describe(arm)}");
    }

    /// <summary>An arm that another process holds, and which process.</summary>
    public static string Describe(HeldArm held)
    {
        string holder = held.ProcessId == 0 ? "another process" : $"process {held.ProcessId} on {held.Host}";
        return ConsoleUi.OneLine($"{held.Task}{(held.Seed is { } seed ? $", seed {seed}" : "")}, {held.Arm.Name}, held by {holder}");
    }

    public void Dispose() => _line?.Dispose();
}
