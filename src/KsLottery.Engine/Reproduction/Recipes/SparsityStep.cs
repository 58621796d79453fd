using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Reproduction;

/// <summary>Measures how sparse a model is, and how unequal its weights: their PQ index.</summary>
/// <remarks>The index is that of weights that are not 0, of each matrix by itself, in the mean over these weights; with p = ½ and q = 1,
/// and with p = 1 and q = 2.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The step whose model it is.</param>
public sealed record SparsityStep(string Name, string Of) : MeasureStep(Name, "")
{
    internal const string Sparsity = "sparsity", Index = "pq_index", WideIndex = "pq_index_wide";

    internal static IReadOnlyList<string> Names { get; } = [Sparsity, Index, WideIndex];

    /// <summary>The tensors; null for the matrices of attention and feed-forward blocks.</summary>
    public TensorChoice? Tensors { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measures => Names;

    internal override IEnumerable<string> Models => [Of];

    internal override IEnumerable<string> Tasks => [];
}

/// <summary>Measures where rounds of pruning turn the PQ index, where they leave what the dense model does, and where they
/// end.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Of">The rounds.</param>
/// <param name="Task">The task whose test pairs the knee is of.</param>
/// <param name="Measure">The loss, or a score of which more is better, by its name in files.</param>
public sealed record TurnStep(string Name, string Of, string Task, string Measure) : MeasureStep(Name, Task)
{
    internal const string Turn = "turn", Knee = "knee_of_rounds", KneeReached = "knee_of_rounds_reached",
        RoundsToCollapse = "rounds_to_collapse", KeptOverKnee = "kept_over_knee", Ended = "ended";

    internal static IReadOnlyList<string> Names { get; } = [Turn, Knee, KneeReached, RoundsToCollapse, KeptOverKnee,
        Ended];

    /// <summary>The rounds whose knee it is; null for the same.</summary>
    public string? KneeOf { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measures => Names;

    internal override IEnumerable<string> Models => KneeOf is null ? [Of] : [Of, KneeOf];
}
