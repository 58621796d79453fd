using System.Diagnostics;

namespace KsLottery.Engine.Experiments;

/// <summary>The largest learning rate by what learns; the defaults are the paper's, that of adapters its authors'.</summary>
public sealed record LearningRates
{
    /// <summary>Every weight.</summary>
    public double Full { get; init; } = 2e-5;

    /// <summary>The input embedding.</summary>
    public double Embedding { get; init; } = 2e-5;

    /// <summary>Some rows of it.</summary>
    public double Rows { get; init; } = 1e-2;

    /// <summary>Low-rank adapters.</summary>
    public double LowRank { get; init; } = 1e-4;

    /// <summary>The rate of an arm.</summary>
    /// <exception cref="InvalidOperationException">It trains nothing.</exception>
    public double Of(ExperimentArm arm) => arm.LearningRate ?? arm.Preset.Action switch
    {
        ArmAction.TrainAll => Full,
        ArmAction.TrainEmbedding => Embedding,
        ArmAction.TrainRows => Rows,
        ArmAction.TrainAdapters => LowRank,
        ArmAction.Keep or ArmAction.CopyRows or ArmAction.PerturbRows =>
            throw new InvalidOperationException($"an arm of the method {arm.MethodName} trains nothing."),
        _ => throw new UnreachableException($"{arm.Preset.Action} has no learning rate"),
    };
}
