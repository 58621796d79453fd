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
        HashSet<string> slugs = [ExperimentArm.SlugOf(RecipeStep.Base)], texts = [.. recipe.Texts.Select(t => t.Name)];
        HashSet<string> changes = [], pruned = [];
        foreach (RecipeStep step in recipe.Steps)
        {
            Demand(step.Models, models, "model", $"the step {step.Name}");
            Demand(step.Tickets, tickets, "ticket", $"the step {step.Name}");
            Demand(step.Tasks, tasks, "task", $"the step {step.Name}");
            if (step is TrainStep { Text: { } text }) Demand([text], texts, "text", $"the step {step.Name}");
            if (step is MergeStep merge) Demand(merge.Of, changes, "change of a model", $"the step {step.Name}");
            if (step is MatrixStep matrix) CheckCard(matrix);
            if (step is SweepStep { Pruned: null } curve) CheckCurve(curve);
            if (step is TrainStep { Rewind: { } rewound } train)
                Demand([rewound], [.. recipe.Steps.OfType<TrainStep>().Where(s => s.Part == train.Part).Select(s => s.Name)],
                    "training of the same part", $"the step {step.Name}");
            if (step is RoundsStep rounds)
                Demand(rounds.Models, [.. recipe.Steps.OfType<TrainStep>().Where(s => s is { Part: TrainedPart.Full, Ticket: null })
                    .Select(s => s.Name)], "training of a whole model", $"the step {step.Name}");
            if (step is TurnStep turn) Demand(turn.Models, pruned, "rounds of pruning", $"the step {step.Name}");
            IEnumerable<string> own = step is not RoundsStep { Count: var count } many ? [step.Name]
                : Enumerable.Range(1, count).SelectMany(r => (string[])[many.MaskName(r), many.RoundName(r)]).Prepend(step.Name);
            if (own.Any(name => !slugs.Add(ExperimentArm.SlugOf(name))))
                throw new InvalidDataException($"{path}: the step {step.Name} has the folder of an earlier one. Call it otherwise.");
            if (step is RoundsStep) pruned.Add(step.Name);
            if (step.IsTicket || step is RoundsStep) tickets.Add(step.Name);
            if (step.IsModel) models.Add(step.Name);
            if (step.Origin is not null) changes.Add(step.Name);
        }
        HashSet<string> scored = [.. recipe.Steps.Where(s => s.IsModel && s.IsScored).Select(s => s.Name)];
        if (recipe.IsScored) scored.Add(RecipeStep.Base);
        foreach (RecipeClaim claim in recipe.Claims)
        {
            string where = $"the claim \"{claim.Says}\"";
            Demand(claim.Tickets, tickets, "ticket", where);
            if (claim is MeasuredClaim { Card: { } card } cell)
            {
                MatrixStep[] cards = [.. recipe.Steps.OfType<MatrixStep>()];
                Demand([card], [.. cards.Select(c => c.Name)], "report card", where);
                Demand(claim.Models, [.. cards.First(c => c.Name == card).Of], $"model of {card}", where);
                Demand(cell.Tasks, [.. cards.First(c => c.Name == card).Tests], $"test of {card}", where);
                continue;
            }
            switch (claim)
            {
                case UnchangedClaim:
                    Demand(claim.Models, models, "model", where);
                    break;
                case MeasuredClaim measured:
                    CheckMeasured(claim.Models, measured.Measure, measured.Tasks, where);
                    break;
                case RankClaim rank:
                    foreach (RankedSteps side in rank.Sides) CheckMeasured(side.Steps, side.Measure, [side.Task], where);
                    break;
            }
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

        void CheckMeasured(IEnumerable<string> of, string measure, IEnumerable<string> onTasks, string where)
        {
            if (!MeasureStep.AllMeasures.Contains(measure))
            {
                Demand(of, scored, "scored model", where);
                Demand(onTasks, tasks, "task", where);
            }
            else
                Demand(of, [.. recipe.Steps.OfType<MeasureStep>().Where(s => s.Measures.Contains(measure)).Select(s => s.Name)],
                    $"step that makes {measure}", where);
        }

        void CheckCurve(SweepStep step)
        {
            HashSet<string> masked = [.. recipe.Steps.OfType<TrainStep>().Where(s => s.Outside == OutsideTicket.Zero).Select(s => s.Name)];
            if (masked.Contains(step.Of[0]))
                throw new InvalidDataException($"{path}: the step {step.Name} begins with \"{step.Of[0]}\", which is trained under a "
                    + "ticket. Name the dense model first.");
            Demand(step.Of.Skip(1), masked, "training with zero outside of a ticket", $"the step {step.Name}");
        }

        void CheckCard(MatrixStep step)
        {
            foreach (ExperimentTask task in recipe.Plan.Tasks.Where(t => step.Tests.Contains(t.Name)))
                Demand([task.SourceLanguage ?? "", task.TargetLanguage ?? ""], [.. step.Languages.Select(l => l.Name)], "language",
                    $"the step {step.Name}, by the task {task.Name},");
            if (step.Baseline is { } baseline) Demand([baseline], [.. step.Of], "baseline", $"the step {step.Name}");
        }

        void Demand(IEnumerable<string> names, HashSet<string> known, string what, string where)
        {
            if (names.FirstOrDefault(n => !known.Contains(n)) is not { } absent) return;
            string there = known.Count switch { 0 => "are none", 1 => $"is {known.First()}", _ => $"are {string.Join(", ", known)}" };
            throw new InvalidDataException($"{path}: {where} names the {what} \"{absent}\", which is not there before it; there {there}. "
                + "Correct the name, or the order.");
        }
    }
}
