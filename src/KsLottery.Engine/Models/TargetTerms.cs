using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

/// <summary>The terms of a loss over the targets of some batches, and what each counts there.</summary>
/// <param name="CrossEntropy">What the cross-entropy of a target is multiplied with, beside the weight of its token.</param>
internal sealed record TargetTerms(double CrossEntropy)
{
    /// <summary>w of each token, V of them; null where all count the same.</summary>
    public float[]? TokenWeights { get; init; }

    /// <summary>A frozen model of the same vocabulary whose distribution is learned; null for none.</summary>
    public LlamaModel? Teacher { get; init; }

    /// <summary>What T²·KL(teacher ‖ model) of a target's row is multiplied with.</summary>
    public double Distillation { get; init; }

    /// <summary>T, which both distributions are taken at.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Σ w over the targets of a batch, their number where all count the same.</summary>
    public static double WeightOf(TokenBatch batch, float[]? weights) => weights is null ? batch.TargetCount
        : batch.Targets.Where(t => t != TokenBatch.NoTarget).Sum(t => (double)weights[t]);

    /// <summary>Rows that have a target, those of equal weight side by side.</summary>
    internal int[] Order(int[] rows, TokenBatch batch) => TokenWeights is { } weights ? [.. rows.OrderBy(i => weights[batch.Targets[i]])]
        : rows;

    /// <summary>Σ w·loss of some rows, in the order of <see cref="Order"/>.</summary>
    internal double CrossEntropyOf(IOperations operations, DeviceSpan losses, int[] targets) =>
        Groups(targets).Sum(g => g.Weight * operations.Sum(losses.Slice(g.Start, g.Count)));

    /// <summary>Logits of some rows, in that order, turn into the gradient of what the rows add to the loss.</summary>
    /// <param name="operations">The device.</param>
    /// <param name="logits">(rows, V).</param>
    /// <param name="logSumExp">(rows), of the logits.</param>
    /// <param name="taught">The teacher's logits, overwritten; empty without a teacher.</param>
    /// <param name="targets">The rows' tokens.</param>
    /// <returns>Σ T²·KL.</returns>
    internal double Differentiate(IOperations operations, DeviceSpan logits, DeviceSpan logSumExp, DeviceSpan taught, int[] targets)
    {
        int vocabulary = (int)(logits.Length / targets.Length);
        double divergence = taught.IsEmpty ? 0
            : operations.DistillationLoss(taught, logits, vocabulary, Temperature, Distillation);
        foreach ((int start, int count, double weight) in Groups(targets))
            operations.CrossEntropyBackward(logits.Slice((long)start * vocabulary, (long)count * vocabulary), logSumExp.Slice(start, count),
                targets.AsMemory(start, count), vocabulary, weight * CrossEntropy);
        if (!taught.IsEmpty) operations.EmbeddingBackward(logits, taught, Enumerable.Range(0, targets.Length).ToArray(), vocabulary);
        return divergence;
    }

    /// <summary>Ranges of targets of equal weight.</summary>
    private IEnumerable<(int Start, int Count, double Weight)> Groups(int[] targets)
    {
        if (TokenWeights is not { } weights)
        {
            yield return (0, targets.Length, 1);
            yield break;
        }
        for (int start = 0, end; start < targets.Length; start = end)
        {
            float weight = weights[targets[start]];
            for (end = start + 1; end < targets.Length && weights[targets[end]] == weight; end++) { }
            yield return (start, end - start, weight);
        }
    }
}
