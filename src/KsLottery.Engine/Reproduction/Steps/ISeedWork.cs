using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>The steps of a recipe with one seed, whatever its model is.</summary>
internal interface ISeedWork
{
    /// <summary>Makes a step whose inputs were made. What stands in its folder is not made again.</summary>
    MadeStep Make(RecipeStep step);

    /// <summary>The rounds of a step that was made: the dense model first.</summary>
    IReadOnlyList<MadeRound> RoundsOf(string name);

    /// <summary>Scores a step's model on a task, or the base's.</summary>
    ArmOutcome Score(string name, string task);

    /// <summary>What a step and all that it is built on spent, and how much of that was no training of its own model; the most memory
    /// that one of these trainings held, 0 where it is not counted.</summary>
    (TrainingCost Total, TrainingCost Search, long PeakBytes) CostOf(string name);

    /// <summary>What a claim bounds, where it is nothing that is scored; null where it is.</summary>
    double? Measure(RecipeClaim claim);

    /// <summary>What two tickets share, and what two would by chance; null where one is not there.</summary>
    (MaskOverlap Overlap, MaskOverlap ByChance)? OverlapOf(OverlapClaim claim);
}
