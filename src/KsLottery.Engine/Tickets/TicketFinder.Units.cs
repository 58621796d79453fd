using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tickets;

/// <summary>A ticket of units, and the tensors that it was selected from.</summary>
/// <param name="Ticket">The ticket.</param>
/// <param name="Base">The base.</param>
/// <param name="Tuned">The tuned checkpoint.</param>
/// <param name="Pairs">The tensors of the scope, one of each, in the base's order.</param>
public sealed record UnitTicketResult(
    UnitTicket Ticket, Checkpoint Base, Checkpoint Tuned, IReadOnlyList<(Tensor Base, Tensor Tuned)> Pairs);

public static partial class TicketFinder
{
    /// <summary>Finds a ticket of units of any shape in any tensors, by any score.</summary>
    /// <param name="baseCheckpoint">The base.</param>
    /// <param name="tuned">The tuned checkpoint, whose tensors have the names and shapes of the base's.</param>
    /// <param name="recipe">Which units, how they are scored, and which win; KS-Lottery's by default.</param>
    /// <param name="options">Threads, progress of the fingerprints; selection, pairs and names have no say.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor, or the tuned checkpoint lacks one.</exception>
    /// <exception cref="ArgumentException">Tensors differ in shape, or the recipe contradicts itself: no p-value of the score can be below
    /// alpha at this width, say.</exception>
    /// <exception cref="NotSupportedException">A tensor's values cannot be read as numbers.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static UnitTicketResult Find(Checkpoint baseCheckpoint, Checkpoint tuned, TicketRecipe recipe,
        TicketFinderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseCheckpoint);
        ArgumentNullException.ThrowIfNull(tuned);
        ArgumentNullException.ThrowIfNull(recipe);
        options ??= new();
        (Tensor Base, Tensor Tuned)[] pairs = PairTensors(baseCheckpoint, tuned, recipe.Scope);
        ScoreSource[] sources = [.. pairs.Select(p => new ScoreSource(p.Base, p.Tuned, recipe.Scope.Unit.Cut(p.Base))
        {
            TokenCounts = options.TokenCounts,
        })];
        TicketMask mask = UnitSelector.Select(
            recipe.Score, recipe.Selection, sources, recipe.Without, options.Scan.Threads, cancellationToken);
        if (mask.Count == 0 && recipe.Selection is TopShare share)
            throw new ArgumentException($"{share.Share} of {sources.Sum(s => s.Grid.Count)} units is none. Take a larger share.");
        string Print(Tensor tensor) => TakeFingerprint(tensor, FingerprintKind.Tree, options, cancellationToken);
        long Count(Tensor tensor) => FiniteValues.FindOthers(tensor, cancellationToken).Count;
        return new(new()
        {
            Recipe = recipe,
            Tensors = [.. pairs.Select((p, i) => new TensorTicket(p.Base.ElementType, p.Tuned.ElementType, p.Base.Shape,
                mask.Tensors[i], Print(p.Base), Print(p.Tuned))
            {
                BaseNonFinite = Count(p.Base),
                TunedNonFinite = Count(p.Tuned),
                BaseScaleFingerprint = p.Base.Scale is { } before ? Print(before.Stored) : null,
                TunedScaleFingerprint = p.Tuned.Scale is { } after ? Print(after.Stored) : null,
            })],
            IsTied = baseCheckpoint.IsTied,
            CheckpointParameters = baseCheckpoint.Tensors.Sum(t => t.ElementCount),
        }, baseCheckpoint, tuned, pairs);
    }

    private static (Tensor Base, Tensor Tuned)[] PairTensors(Checkpoint baseCheckpoint, Checkpoint tuned, TicketScope scope)
    {
        (Tensor Base, Tensor Tuned)[] pairs = scope.Tensors is { } choice
            ? [.. choice.In(baseCheckpoint).Select(t => (t, tuned.GetTensor(t.Name)))]
            : [new CheckpointPair(baseCheckpoint, tuned).GetEmbeddings()];
        foreach ((Tensor before, Tensor after) in pairs)
        {
            if (!before.Shape.SequenceEqual(after.Shape))
                throw new ArgumentException($"{before.Name} is [{string.Join(',', before.Shape)}] in {baseCheckpoint.Path} and "
                    + $"[{string.Join(',', after.Shape)}] in {tuned.Path}; units are compared where both are the same. Leave the "
                    + $"tensor out (!{before.Name}), or find the rows of the resized embedding by their test.");
            if (before.ElementCount == 0)
                throw new ArgumentException($"{before.Name} has no values. Leave it out (!{before.Name}).");
        }
        return pairs;
    }
}
