using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>The loss of a step's targets: a·CE + b·T²·KL(teacher ‖ model).</summary>
/// <remarks>CE is the mean over the targets, each counting as its token's weight says, by Σ w; KL is the mean over all targets, whatever
/// their weights.</remarks>
internal sealed record Objective
{
    /// <summary>a.</summary>
    public double CrossEntropy { get; init; } = 1;

    /// <summary>w of each token, V of them; null where all count the same.</summary>
    public float[]? TokenWeights { get; init; }

    /// <summary>The teacher; null for none.</summary>
    public LlamaModel? Teacher { get; init; }

    /// <summary>b.</summary>
    public double Distillation { get; init; }

    /// <summary>T.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>What the terms count in a step; cross-entropy nothing where no target of it has weight.</summary>
    public TargetTerms Of(IReadOnlyList<TokenBatch> step)
    {
        double weight = step.Sum(b => TargetTerms.WeightOf(b, TokenWeights));
        return new(weight > 0 ? CrossEntropy / weight : 0)
        {
            TokenWeights = TokenWeights,
            Teacher = Teacher,
            Distillation = Distillation / step.Sum(b => (long)b.TargetCount),
            Temperature = Temperature,
        };
    }
}
