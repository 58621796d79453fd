using System.Diagnostics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Evaluation;

/// <summary>What a model loses by pruning, at one sparsity after another, in memory and without training.</summary>
/// <remarks>
/// Source: essential sparsity (Jaiswal et al., NeurIPS 2023). All masks come from one ranking, so that each keeps a part of what the one
/// before keeps; that is looked at again for each. The model holds one pruned copy of the scope's tensors at a time.
/// </remarks>
public sealed class SparsitySweep
{
    private readonly TicketRecipe _recipe;
    private readonly Func<UnitShare, TicketSelection> _keptOf;
    private readonly IReadOnlyList<ScoreSource> _sources;
    private readonly LlamaModel _model;

    /// <summary>Prepares a sweep.</summary>
    /// <param name="checkpoint">The checkpoint that the model was opened from, which stays open as long.</param>
    /// <param name="model">The model, of which nothing learns; from the first sparsity above 0 on it is the pruned one.</param>
    /// <param name="score">What weights are kept by.</param>
    /// <param name="tensors">The tensors; null for <see cref="ModelPruning.LayerMatrices"/>.</param>
    /// <param name="keptOf">What a sparsity keeps, of a larger one a part of what of a smaller one; null for
    /// <see cref="ModelPruning.KeptOf"/> of all tensors together.</param>
    /// <param name="cancellationToken">Stops while values are looked at.</param>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor.</exception>
    /// <exception cref="NotSupportedException">A tensor is none that the model reads.</exception>
    /// <exception cref="CheckpointFormatException">A value is NaN or infinite; names the tensor and the place.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public SparsitySweep(Checkpoint checkpoint, LlamaModel model, TicketScore score, TensorChoice? tensors = null,
        Func<UnitShare, TicketSelection>? keptOf = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(model);
        (_model, _keptOf) = (model, keptOf ?? (sparsity => ModelPruning.KeptOf(sparsity)));
        _recipe = ModelPruning.RecipeOf(score, _keptOf(new(0)), tensors);
        _sources = KeptUnits.SourcesOf(checkpoint, _recipe, cancellationToken);
        HashSet<string> read = [.. model.Weights.All.Select(w => w.Name)];
        if (_sources.FirstOrDefault(s => !read.Contains(s.Name)) is { } other)
            throw new NotSupportedException($"{checkpoint.Path}: {CheckpointFormatException.Quote(other.Name)} is no tensor that the model "
                + "reads. Leave it out of the scope.");
    }

    /// <summary>The recipe, with the selection of a sparsity of 0.</summary>
    public TicketRecipe Recipe => _recipe;

    /// <summary>Prunes and evaluates.</summary>
    /// <param name="sparsities">The parts to prune, ascending, below 1.</param>
    /// <param name="evaluate">What the model is worth as it stands; loss in nats a token, and a score of which more is better, or NaN.
    /// </param>
    /// <param name="known">Points of an earlier try, which are not measured again.</param>
    /// <param name="hear">Told of every point that is measured.</param>
    /// <param name="cancellationToken">Stops between passes over the weights.</param>
    /// <returns>A point for each sparsity.</returns>
    /// <exception cref="ArgumentException">The sparsities do not ascend, or one leaves nothing.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public IReadOnlyList<SweepPoint> Run(IReadOnlyList<UnitShare> sparsities, Func<UnitShare, (double Loss, double Score)> evaluate,
        IReadOnlyList<SweepPoint>? known = null, Action<SweepPoint>? hear = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sparsities);
        ArgumentNullException.ThrowIfNull(evaluate);
        List<SweepPoint> points = [];
        TicketMask? last = null;
        foreach (UnitShare sparsity in sparsities)
        {
            if (points.Count > 0 && sparsity.Value <= points[^1].Sparsity)
                throw new ArgumentException($"a sparsity of {sparsity} follows one of {new UnitShare(points[^1].Sparsity)}. Give them "
                    + "ascending.", nameof(sparsities));
            if (known?.FirstOrDefault(p => p.Sparsity == sparsity.Value) is { } measured)
            {
                points.Add(measured);
                continue;
            }
            TicketMask kept = Prune(sparsity, cancellationToken);
            if (last is not null && kept.Except(last).Count > 0)
                throw new UnreachableException($"the mask of {sparsity} is no part of the one before");
            last = kept;
            (double loss, double score) = evaluate(sparsity);
            points.Add(new(sparsity.Value, kept.Parameters, loss, score));
            hear?.Invoke(points[^1]);
        }
        return points;
    }

    /// <summary>Puts the pruned tensors in place of the stored ones; of a sparsity of 0 nothing.</summary>
    private TicketMask Prune(UnitShare sparsity, CancellationToken cancellationToken)
    {
        TicketRecipe recipe = _recipe with { Selection = _keptOf(sparsity) };
        TicketMask kept = KeptUnits.Find(_sources, recipe, cancellationToken);
        if (sparsity.Value > 0)
            foreach ((ScoreSource source, TensorMask mask) in _sources.Zip(kept.Tensors))
                _model.Weights.Put(new PrunedElements(source.Base, mask).ToTensor());
        return kept;
    }
}
