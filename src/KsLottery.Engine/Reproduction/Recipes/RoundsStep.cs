using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>Prunes a trained model, rewinds what is left, trains it as that model was, and again: iterative magnitude pruning (Frankle and
/// Carbin, arXiv 1803.03635), or sparsity-informed adaptive pruning (Diao et al., ICLR 2023).</summary>
/// <remarks>Its rounds are steps of their own, <c>NAME, mask 1</c> and <c>NAME, round 1</c> on, with lines in all tables. It is the model
/// of the last of them, or of the last before those that raised the index, and the ticket which that was trained under.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The step that trained the dense model, whole.</param>
/// <param name="Count">How many rounds at most.</param>
public sealed record RoundsStep(string Name, string Of, int Count) : RecipeStep(Name)
{
    /// <summary>The tensors that are pruned; null for the matrices of attention and feed-forward blocks.</summary>
    public TensorChoice? Tensors { get; init; }

    /// <summary>Whether what goes is a part of every tensor, and not of all together.</summary>
    public bool IsPerTensor { get; init; }

    /// <summary>The part of what is left that a round prunes; null where <see cref="Adaptive"/> decides.</summary>
    public GeometricSparsity? Geometric { get; init; }

    /// <summary>How much a round prunes by the PQ index of what is left; null where it is always the same part.</summary>
    public AdaptiveShare? Adaptive { get; init; }

    /// <summary>After so many rounds in a row that raised the index they end; null where it does not end them.</summary>
    public int? Patience { get; init; }

    /// <summary>The step of the dense model's training that each round is rewound to.</summary>
    public KeptState RewindTo { get; init; }

    internal override IEnumerable<string> Models => [Of];

    internal override string Origin => Of;

    /// <summary>The name of a round's ticket.</summary>
    internal string MaskName(int round) => FormattableString.Invariant($"{Name}, mask {round}");

    /// <summary>The name of a round's model.</summary>
    internal string RoundName(int round) => FormattableString.Invariant($"{Name}, round {round}");

    /// <summary>What a round keeps.</summary>
    internal TicketRecipe RecipeOf(int round)
    {
        TicketSelection kept = (TicketSelection?)Adaptive ?? new TopShare(Geometric!.KeptAfter(round), IsPerTensor);
        return Transfer.ModelPruning.RecipeOf(TicketScore.Named("magnitude"), kept, Tensors);
    }
}
