namespace KsLottery.Engine.Experiments;

/// <summary>An arm that another process works on.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Seed">The seed; null for the base.</param>
/// <param name="Arm">The arm.</param>
/// <param name="ProcessId">The process; 0 where it has not said yet.</param>
/// <param name="Host">The machine's name.</param>
internal sealed record HeldArm(string Task, ulong? Seed, ExperimentArm Arm, int ProcessId, string Host);
