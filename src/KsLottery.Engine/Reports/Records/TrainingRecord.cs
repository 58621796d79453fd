using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reports;

/// <summary>The steps of one training.</summary>
/// <param name="Name">Its folder.</param>
/// <param name="Steps">Its metrics.</param>
/// <param name="IsPretraining">Whether it made a model from nothing: its <c>training.json</c> names no base.</param>
internal sealed record TrainingRecord(string Name, IReadOnlyList<StepMetrics> Steps, bool IsPretraining)
{
    /// <summary>What was trained, whatever the seed; of an experiment the name of its arm.</summary>
    public string Method { get; init; } = Name;

    /// <summary>The task of an experiment; empty elsewhere.</summary>
    public string Task { get; init; } = "";

    /// <summary>The seed of an experiment's arm; null elsewhere.</summary>
    public ulong? Seed { get; init; }
}
