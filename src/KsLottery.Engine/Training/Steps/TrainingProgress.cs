namespace KsLottery.Engine.Training;

/// <summary>How far a training is.</summary>
/// <param name="StepCount">Steps of the whole training.</param>
/// <param name="Step">The step that was just done; its evaluation loss where it was evaluated. Step 0 stands before the first.</param>
/// <param name="Remaining">The time that the rest will take at the pace so far.</param>
public readonly record struct TrainingProgress(long StepCount, StepMetrics Step, TimeSpan Remaining);
