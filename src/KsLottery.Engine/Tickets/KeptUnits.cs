using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tickets;

/// <summary>Which units of a single checkpoint a recipe keeps.</summary>
internal static class KeptUnits
{
    /// <summary>The tensors of a recipe's scope with their units, none of them with a NaN or an infinity.</summary>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor.</exception>
    /// <exception cref="NotSupportedException">A tensor's values cannot be read as numbers.</exception>
    /// <exception cref="CheckpointFormatException">A value is NaN or infinite; names the tensor and the place.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<ScoreSource> SourcesOf(Checkpoint checkpoint, TicketRecipe recipe, CancellationToken cancellationToken)
    {
        ScoreSource[] sources = [.. recipe.Scope.Resolve(checkpoint).Select(t => new ScoreSource(t.Tensor, null, t.Grid))];
        Numerics.SideBySide.ForEach(sources, threads: 0, source => FiniteValues.Check(source.Base, cancellationToken), cancellationToken);
        return sources;
    }

    /// <summary>Selects among them.</summary>
    /// <exception cref="ArgumentException">The recipe contradicts itself, or keeps nothing at all.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketMask Find(IReadOnlyList<ScoreSource> sources, TicketRecipe recipe, CancellationToken cancellationToken)
    {
        TicketMask mask = UnitSelector.Select(recipe.Score, recipe.Selection, sources, recipe.Without,
            cancellationToken: cancellationToken);
        return mask.Count > 0 ? mask
            : throw new ArgumentException($"of {sources.Sum(s => s.Grid.Count)} units none would be kept. Prune less.", nameof(recipe));
    }
}
