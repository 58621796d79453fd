using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <summary>Holds a recipe to what a <see cref="MadeNetwork"/> can do, or to what needs none.</summary>
internal static class NetworkCheck
{
    private static readonly string[] Scores = ["loss", "exact_match_rate"];

    /// <exception cref="InvalidDataException">A step or claim asks for what the recipe's model has not.</exception>
    public static void ThrowIfUnsound(string path, ReproductionRecipe recipe)
    {
        if (recipe.Network is null)
        {
            foreach (RecipeStep step in recipe.Steps)
                if (step is PaceStep or TrainStep { Until: not null } or TrainStep { Steps: not null })
                    throw Wrong($"the step {step.Name} counts the steps of a small network (pace, until, steps)",
                        "Give network, or take it out");
            return;
        }
        if (recipe.Make is not null || recipe.Texts.Count > 0)
            throw Wrong("network is made beside make or texts", "It makes its own pairs: take them out");
        if (recipe.Plan.Tasks.Count != 1 || recipe.Plan.Training.Steps is null)
            throw Wrong("network learns one task for a number of steps", "Give plan.tasks one task, and plan.training its steps");
        foreach (RecipeStep step in recipe.Steps)
            if (!IsPossible(step))
                throw Wrong($"the step {step.Name} cannot be made of a small network, which has train (part full, from a model, with "
                    + "outside where there is a ticket, learning_rate, weight_decay, steps and until), prune by magnitude, and pace",
                    "Take it out, or network");
        foreach (RecipeClaim claim in recipe.Claims)
            if (claim is not (OpenClaim or MeasuredClaim { Card: null } and not GainClaim) || claim is MeasuredClaim measured
                && !Scores.Contains(measured.Measure) && !PaceStep.Names.Contains(measured.Measure))
                throw Wrong($"the claim \"{claim.Says}\" asks for what is not taken of a small network",
                    $"Take one of {string.Join(", ", Scores.Concat(PaceStep.Names))}, with than, is_at_least or is_at_most");

        InvalidDataException Wrong(string what, string next) => new($"{path}: {what}. {next}.");
    }

    private static bool IsPossible(RecipeStep step) => step switch
    {
        TrainStep train => train with
        {
            Ticket = null,
            Outside = null,
            LearningRate = null,
            WeightDecay = null,
            Steps = null,
            Until = null,
            IsScored = true,
            From = RecipeStep.Base,
        } == new TrainStep(train.Name, TrainedPart.Full, train.Task) { RewindTo = train.RewindTo } && train.Task is not null,
        PruneStep prune => prune.Recipe.Score == TicketScore.Named("magnitude"),
        PaceStep => true,
        _ => false,
    };
}
