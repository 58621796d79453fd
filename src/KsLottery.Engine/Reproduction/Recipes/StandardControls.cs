namespace KsLottery.Engine.Reproduction;

/// <summary>The controls that could refute a ticket, whatever the system: steps that follow the one that trains it.</summary>
/// <remarks>
/// Each has the ticket's size, task, budget in tokens and learning rate (adapters that of adapters). <c>NAME: random units</c> are as many
/// units from all its tensors, once with as many tokens and once with as many FLOPs, the search counted; <c>NAME: shuffled</c> as many of
/// each tensor, where there may be several; <c>NAME: random delta</c> is as far in random directions; <c>NAME: random base</c> trains
/// the ticket from new weights; <c>NAME: adapters</c> have as many parameters; <c>NAME: structural row</c> is that of a text alone.
/// Source: Liu et al. (arXiv 1810.05270) for random re-initialisation and equal compute; the others are those of Frankle and Carbin
/// (arXiv 1803.03635) and of the experiments of this library.
/// </remarks>
internal static class StandardControls
{
    /// <summary>The name of the base with new weights.</summary>
    public const string RandomBase = "random base";

    /// <summary>The controls of a step.</summary>
    /// <param name="step">It trains the ticket.</param>
    /// <param name="ticket">The ticket.</param>
    /// <param name="row">The text of the structural row; null for none.</param>
    public static IEnumerable<RecipeStep> Of(TrainStep step, FindStep ticket, string? row)
    {
        TrainStep Trained(string how, string by) => step with { Name = $"{step.Name}: {how}", Ticket = by };
        DrawStep Drawn(string how, DrawnUnits units) =>
            new($"{step.Name}: {how} ticket", units) { Like = ticket.Name, Excluding = ticket.Excluding };

        DrawStep random = Drawn("random", DrawnUnits.Random);
        yield return random;
        yield return Trained("random units", random.Name);
        yield return Trained("random units, equal FLOPs", random.Name) with { FlopsOf = step.Name };
        if (ticket.Recipe.Scope.Tensors is not null)
        {
            DrawStep shuffled = Drawn("shuffled", DrawnUnits.Shuffled);
            yield return shuffled;
            yield return Trained("shuffled", shuffled.Name);
        }
        yield return new PerturbStep($"{step.Name}: random delta", step.Name);
        if (step.From == RecipeStep.Base)
        {
            ReinitializeStep fresh = new($"{step.Name}: {RandomBase}, untrained") { IsScored = false };
            yield return fresh;
            yield return Trained(RandomBase, ticket.Name) with { From = fresh.Name };
        }
        yield return Trained("adapters", ticket.Name) with { Part = TrainedPart.Lora, LearningRate = null };
        if (row is null) yield break;
        DrawStep structural = new($"{step.Name}: structural ticket", DrawnUnits.Tokens) { Text = row };
        yield return structural;
        yield return Trained("structural row", structural.Name);
    }
}
