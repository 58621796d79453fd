using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>Learns which few values of a tuned model keep what it learned: a graft, as a ticket of single values.</summary>
/// <remarks>See <see cref="GraftRun"/>. The mask learns from a task's pairs to learn from, but for the last tenth of these, which decides
/// which mask is the best; what is scored on is not looked at.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Tuned">The step whose model was tuned.</param>
/// <param name="Task">The task's name.</param>
/// <param name="Share">The base patch's part of all values of the tensors.</param>
public sealed record GraftStep(string Name, string Tuned, string Task, UnitShare Share) : RecipeStep(Name)
{
    /// <inheritdoc/>
    public override bool IsTicket => true;

    /// <summary>The step whose model the values are taken into.</summary>
    public string From { get; init; } = Base;

    /// <summary>The tensors; null for all that the model reads.</summary>
    public TensorChoice? Tensors { get; init; }

    /// <summary>The part of all values that have a mask which learns.</summary>
    public UnitShare Candidates { get; init; } = new(1);

    /// <summary>The most that a graft may have of all values; null for no bound.</summary>
    public UnitShare? MaxShare { get; init; }

    /// <summary>The mask's learning rate; null for the authors'.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Gradient steps; null for the default of <see cref="GraftRunOptions"/>.</summary>
    public int? Steps { get; init; }

    /// <summary>Pairs that the gradient of a step is the mean of; null for the default of <see cref="GraftRunOptions"/>.</summary>
    public int? BatchSize { get; init; }

    internal override IEnumerable<string> Models => [From, Tuned];

    internal override IEnumerable<string> Tasks => [Task];
}
