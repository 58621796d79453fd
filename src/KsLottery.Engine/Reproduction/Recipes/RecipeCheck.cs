using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reproduction;

/// <summary>Holds a recipe to what its parts say of each other.</summary>
internal static class RecipeCheck
{
    /// <exception cref="InvalidDataException">A step or claim names what is not there before it, two would have one folder, or a seed
    /// of the verdict was tuned on.</exception>
    public static void ThrowIfUnsound(string path, ReproductionRecipe recipe)
    {
        if (recipe.Plan.Seeds.Intersect(recipe.TunedOn).ToArray() is [var seed, ..] && !recipe.IsShort)
            throw new InvalidDataException($"{path}: seed {seed} is one that the recipe was tuned on. Take another for the verdict.");
        HashSet<string> models = [RecipeStep.Base], tickets = [], tasks = [.. recipe.Plan.Tasks.Select(t => t.Name)];
        HashSet<string> slugs = [ExperimentArm.SlugOf(RecipeStep.Base)], texts = [.. recipe.Texts.Select(t => t.Name)], changes = [];
        foreach (RecipeStep step in recipe.Steps)
        {
            Demand(step.Models, models, "model", $"the step {step.Name}");
            Demand(step.Tickets, tickets, "ticket", $"the step {step.Name}");
            if (step is TrainStep { Task: { } task }) Demand([task], tasks, "task", $"the step {step.Name}");
            if (step is TrainStep { Text: { } text }) Demand([text], texts, "text", $"the step {step.Name}");
            if (step is MergeStep merge) Demand(merge.Of, changes, "change of a model", $"the step {step.Name}");
            if (!slugs.Add(ExperimentArm.SlugOf(step.Name)))
                throw new InvalidDataException($"{path}: the step {step.Name} has the folder of an earlier one. Call it otherwise.");
            (step.IsTicket ? tickets : models).Add(step.Name);
            if (step.Origin is not null) changes.Add(step.Name);
        }
        HashSet<string> scored = [RecipeStep.Base, .. recipe.Steps.Where(s => !s.IsTicket && s.IsScored).Select(s => s.Name)];
        foreach (RecipeClaim claim in recipe.Claims)
        {
            string where = $"the claim \"{claim.Says}\"";
            Demand(claim.Models, claim is UnchangedClaim ? models : scored, "scored model", where);
            Demand(claim.Tickets, tickets, "ticket", where);
            if (claim is GainClaim { Task: var a }) Demand([a], tasks, "task", where);
            if (claim is DifferenceClaim { Task: var b }) Demand([b], tasks, "task", where);
        }
        if (recipe.Make is { } made)
        {
            HashSet<string> pairs = [.. made.Pairs.Select(p => p.Task)], written = [.. made.Texts.Select(t => t.Text)];
            Demand(tasks, pairs, "made task", "the plan");
            Demand(pairs, tasks, "task", "make");
            Demand(texts, written, "made text", "the recipe");
            Demand(written, texts, "text", "make");
            if (recipe.Texts.FirstOrDefault(t => !t.File.EndsWith(".jsonl", StringComparison.Ordinal)) is { } text)
                throw new InvalidDataException($"{path}: the text {text.Name} is made into {text.File}; a text is made as JSON lines. Let "
                    + "its file end with .jsonl.");
        }

        void Demand(IEnumerable<string> names, HashSet<string> known, string what, string where)
        {
            if (names.FirstOrDefault(n => !known.Contains(n)) is { } absent)
                throw new InvalidDataException($"{path}: {where} names the {what} \"{absent}\", which is not there before it; there "
                    + $"{(known.Count == 1 ? "is" : "are")} {string.Join(", ", known)}. Correct the name, or the order.");
        }
    }
}
