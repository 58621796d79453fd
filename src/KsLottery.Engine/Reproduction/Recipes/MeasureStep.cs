using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <summary>Measures models of earlier steps, and makes neither a model nor a ticket; claims name its numbers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Task">The task whose test pairs it measures on.</param>
public abstract record MeasureStep(string Name, string Task) : RecipeStep(Name)
{
    /// <summary>The numbers of all kinds of such steps, by the names that files give them.</summary>
    public static IReadOnlyList<string> AllMeasures { get; } =
        [.. BetweenStep.Names.Concat(SweepStep.Names).Concat(SparsityStep.Names).Concat(TurnStep.Names).Concat(PaceStep.Names).Distinct()];

    /// <inheritdoc/>
    public override bool IsModel => false;

    /// <summary>The numbers that it makes, in the order of tables.</summary>
    public abstract IReadOnlyList<string> Measures { get; }

    internal override IEnumerable<string> Tasks => [Task];
}

/// <summary>Measures whether two models are linearly connected, by <see cref="Evaluation.LinearPath"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="One">The step whose model is the one end.</param>
/// <param name="Other">The step of the other end.</param>
/// <param name="Task">The task whose test pairs the loss is of.</param>
/// <param name="Points">How many points, both ends among them.</param>
public sealed record BetweenStep(string Name, string One, string Other, string Task, int Points) : MeasureStep(Name, Task)
{
    /// <summary>How many points there are where a recipe says nothing of it.</summary>
    public const int DefaultPoints = 11;

    internal const string Barrier = "barrier", BarrierAboveLine = "barrier_above_line";

    internal static IReadOnlyList<string> Names { get; } = [Barrier, BarrierAboveLine];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measures => Names;

    internal override IEnumerable<string> Models => [One, Other];
}

/// <summary>Measures the loss at one sparsity after another, and where it leaves the dense model's: essential sparsity.</summary>
/// <remarks>Either of one model that is pruned at once and not trained (<see cref="Pruned"/>), by <see cref="Evaluation.SparsitySweep"/>,
/// or of models that earlier steps trained: the first dense, each later one under a ticket of fewer weights.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The step whose model is pruned, or those of the curve.</param>
/// <param name="Task">The task whose test pairs the loss is of.</param>
public sealed record SweepStep(string Name, IReadOnlyList<string> Of, string Task) : MeasureStep(Name, Task)
{
    internal const string LossKnee = "knee_of_loss", LossKneeReached = "knee_of_loss_reached", ChrfKnee = "knee_of_chrf",
        LargestFall = "largest_fall";

    internal static IReadOnlyList<string> Names { get; } = [LossKnee, LossKneeReached, LargestFall, ChrfKnee];

    /// <summary>The part that is pruned at each point, ascending, and how; null where the models are those of the curve.</summary>
    public SweptPruning? Pruned { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measures => Pruned is null ? Names : [.. Names.Where(n => n != ChrfKnee)];

    internal override IEnumerable<string> Models => Of;
}

/// <summary>How a sweep prunes.</summary>
/// <param name="Sparsities">The part that is pruned at each point, ascending; that of 0 is always measured.</param>
/// <param name="Score">What weights are kept for.</param>
/// <param name="Tensors">The tensors; null for <see cref="Transfer.ModelPruning.LayerMatrices"/>.</param>
/// <param name="IsPerTensor">Whether that part of each tensor is pruned, and not of all together.</param>
public sealed record SweptPruning(IReadOnlyList<UnitShare> Sparsities, TicketScore Score, TensorChoice? Tensors, bool IsPerTensor);
