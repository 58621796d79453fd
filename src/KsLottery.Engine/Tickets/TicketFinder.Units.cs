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
    public static UnitTicketResult Find(Checkpoint baseCheckpoint, Checkpoint tuned, TicketRecipe? recipe = null,
        TicketFinderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseCheckpoint);
        ArgumentNullException.ThrowIfNull(tuned);
        recipe ??= new();
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
        return new(new()
        {
            Recipe = recipe,
            Tensors = [.. pairs.Select((p, i) => Describe(p.Base, p.Tuned, mask.Tensors[i], options, cancellationToken))],
            IsTied = baseCheckpoint.IsTied,
            CheckpointParameters = baseCheckpoint.Tensors.Sum(t => t.ElementCount),
        }, baseCheckpoint, tuned, pairs);
    }

    private static TensorTicket Describe(
        Tensor before, Tensor after, TensorMask mask, TicketFinderOptions options, CancellationToken cancel)
    {
        (string Print, long NonFinite) Survey(Tensor tensor) => Wait(() => FiniteValues.TakeFingerprint(tensor, cancel), options);
        string? PrintOf(TensorScale? scale) => scale is null ? null : TakeFingerprint(scale.Stored, FingerprintKind.Tree, options, cancel);
        (string basePrint, long baseOthers) = Survey(before);
        (string tunedPrint, long tunedOthers) = Survey(after);
        return new(before.ElementType, after.ElementType, before.Shape, mask, basePrint, tunedPrint)
        {
            BaseNonFinite = baseOthers,
            TunedNonFinite = tunedOthers,
            BaseScaleFingerprint = PrintOf(before.Scale),
            TunedScaleFingerprint = PrintOf(after.Scale),
        };
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
                    + $"[{string.Join(',', after.Shape)}] in {tuned.Path}; units are compared where both are the same, for a "
                    + $"ticket of units does not say which row stands against which. Leave the tensor out (!{before.Name}), or find the "
                    + "rows of the resized embedding by their test.");
            if (before.ElementCount == 0)
                throw new ArgumentException($"{before.Name} has no values. Leave it out (!{before.Name}).");
        }
        return pairs;
    }
}
