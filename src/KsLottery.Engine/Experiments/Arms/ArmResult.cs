namespace KsLottery.Engine.Experiments;

/// <summary>One line of an experiment's table: an arm of a task, with one seed.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Seed">The seed; null for the base, which has none.</param>
/// <param name="Arm">The arm.</param>
/// <param name="Rows">The rows that differ from the base's; null where they are not counted.</param>
/// <param name="Parameters">The values that differ, or those of an adapter.</param>
/// <param name="Share">Their part of all parameters of the base.</param>
/// <param name="Outcome">How it does.</param>
public sealed record ArmResult(string Task, ulong? Seed, ExperimentArm Arm, int? Rows, long Parameters, double Share, ArmOutcome Outcome)
{
    /// <summary>Whether its training diverged, see <see cref="Training.TrainingSummary.HasDiverged"/>.</summary>
    public bool HasDiverged { get; init; }
}

/// <summary>An arm that could not be run, and why.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Arm">The arm.</param>
/// <param name="Reason">A sentence.</param>
internal sealed record SkippedArm(string Task, ulong Seed, ExperimentArm Arm, string Reason);
