using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>Hears how an experiment goes, on the thread that runs it.</summary>
internal interface IExperimentObserver
{
    /// <summary>An arm begins; what stands already is taken as it is.</summary>
    /// <param name="task">The task's name.</param>
    /// <param name="seed">The seed; null for the base.</param>
    /// <param name="arm">The arm.</param>
    void OnArm(string task, ulong? seed, ExperimentArm arm);

    /// <summary>A step of an arm's training is done.</summary>
    void OnTraining(TrainingProgress progress);

    /// <summary>A ticket was found; it stands in its folder.</summary>
    void OnTicket(FoundTicket ticket);

    /// <summary>Test pairs were scored.</summary>
    void OnScoring(EvaluationProgress progress);

    /// <summary>An arm is done.</summary>
    void OnScored(ArmResult result);

    /// <summary>What is left needs arms that other processes work on: it is waited for them.</summary>
    void OnWaiting(IReadOnlyList<HeldArm> held);

    /// <summary>An arm cannot be run.</summary>
    void OnSkipped(SkippedArm skipped);
}
