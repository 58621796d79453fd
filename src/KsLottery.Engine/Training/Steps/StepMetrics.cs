namespace KsLottery.Engine.Training;

/// <summary>What is known about one step of a training; what is null was not measured at it.</summary>
/// <param name="Step">The number of optimizer steps done, from 1.</param>
/// <param name="Epoch">The number of epochs done, with its fraction.</param>
public sealed record StepMetrics(long Step, double Epoch)
{
    /// <summary>Whether it stands before the first step, with an evaluation at most.</summary>
    internal bool IsStart => Loss is null && LearningRate is null;

    /// <summary>The mean loss over the step's targets, in nats, as <see cref="TrainingPlan.Objective"/> has it, and what distances to the
    /// base add.</summary>
    public double? Loss { get; init; }

    /// <summary>The mean loss over the targets of the evaluation set, in nats.</summary>
    public double? EvalLoss { get; init; }

    /// <summary>The Euclidean norm of all gradients before clipping.</summary>
    public double? GradientNorm { get; init; }

    /// <summary>The step's learning rate.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Rows computed in a second.</summary>
    public double? TokensPerSecond { get; init; }
}
