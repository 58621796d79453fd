using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <content>What is pruned, and trained under the mask.</content>
internal sealed partial class SeedWork
{
    /// <summary>All steps of the recipe: a training keeps the states that later ones begin with.</summary>
    public IReadOnlyList<RecipeStep> Steps { get; init; } = [];

    private MadeStep Prune(PruneStep step, string folder)
    {
        using Checkpoint model = Checkpoint.Open(PathOf(step.Of));
        TicketRecipe recipe = step.Recipe with { Score = SeededScore(step.Recipe.Score) };
        return OfTicket(step, folder, KeptUnits.Find(KeptUnits.SourcesOf(model, recipe, _cancel), recipe, _cancel));
    }

    /// <summary>Two draws of one seed must not come to the same weights.</summary>
    private TicketScore SeededScore(TicketScore score) =>
        score is RandomScore ? new RandomScore(SplitMix64.Mix(_seed) + (ulong)_made.Count) : score;

    private MaskPolicy? PolicyOf(TrainStep step) => step.Outside switch
    {
        OutsideTicket.Zero => new ZeroOutside(MaskOf(step.Ticket!)),
        OutsideTicket.MatchL1 => new MatchedNorm(MaskOf(step.Ticket!), 1),
        OutsideTicket.MatchL2 => new MatchedNorm(MaskOf(step.Ticket!)),
        _ => null,
    };

    /// <summary>Where a training begins; null for the model of the step that it goes on from.</summary>
    private RewindPoint? RewindOf(TrainStep step) => step.Redraws
        ? RewindPoint.Drawn(SplitMix64.Mix(_seed) + (ulong)_made.Count)
        : step.Rewind is not { } other ? null
        : RewindPoint.State(Path.Combine(_made[other].Folder, KeptStates.NameOf(step.RewindTo.StepOf(_made[other].StepCount))));

    private KeptState[] StatesOf(TrainStep step, long stepCount)
    {
        (string Name, KeptState To)[] later = [.. Steps.OfType<TrainStep>().Where(s => s.Rewind == step.Name)
            .Select(s => (s.Name, s.RewindTo)), .. Steps.OfType<RoundsStep>().Where(s => s.Of == step.Name)
            .Select(s => (s.Name, s.RewindTo))];
        if (Array.FindIndex(later, s => s.To.StepOf(stepCount) >= stepCount) is >= 0 and var late)
            throw new InvalidDataException($"the step {later[late].Name} rewinds \"{step.Name}\" to {later[late].To} (at), and that "
                + $"training has {stepCount} steps, of which one must be left at least. Name an earlier moment.");
        return [.. later.Select(s => s.To).Distinct()];
    }
}
