using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>SynFlow (Tanaka et al., NeurIPS 2020): what each weight lets through of a flow from the first layer's input to the logits,
/// without data, in rounds that each prune a part.</summary>
/// <remarks>
/// The score is |w|·∂R/∂|w| of the model with |w| in place of each w, 1 in place of each input, and R the sum of its outputs. The model is
/// linear for that: norms multiply by |weight| and divide by nothing; attention takes the mean of the values so far, so that all places
/// hold the same; SiLU is the identity, and the product of gate and up is the linear part that it has about ones, their sum. What flows
/// into a unit flows out of it: of a block's matrices the scores of values and those of outputs have one sum, and those of gate and up
/// together that of down. Queries and keys have no part in it, and no score.
/// </remarks>
public static class SynapticFlow
{
    /// <summary>What the score is called.</summary>
    public const string Name = FlowScore.Word;

    /// <summary>The rounds that the authors take.</summary>
    public const int DefaultRounds = 100;

    /// <summary>The matrices that have a score.</summary>
    public static TensorChoice Matrices { get; } =
        TensorChoice.Parse("*.self_attn.v_proj.weight,*.self_attn.o_proj.weight,*.mlp.*_proj.weight");

    /// <summary>The score of the last round.</summary>
    /// <remarks>Of n weights round r of all keeps n·(1 - sparsity)^(r / all), rounded, the half to even; what it does not keep has no score
    /// from then on. The last is left to who selects by the score.</remarks>
    /// <param name="checkpoint">The checkpoint, of a LLaMA-type model.</param>
    /// <param name="sparsity">The part that the last round comes to.</param>
    /// <param name="isPerTensor">Whether that part of every tensor goes, and not of all together.</param>
    /// <param name="tensors">What is pruned; null for <see cref="Matrices"/>.</param>
    /// <param name="rounds">The number of rounds, from 1.</param>
    /// <param name="progress">Reports how many rounds are done.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="ArgumentException">A tensor has no score.</exception>
    /// <exception cref="CheckpointFormatException">A value is NaN or infinite; names the tensor and the place.</exception>
    /// <exception cref="KeyNotFoundException">A tensor is missing, or a pattern fits none.</exception>
    /// <exception cref="NotSupportedException">The checkpoint is no LLaMA-type model that is computed here.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketScore Of(Checkpoint checkpoint, UnitShare sparsity, bool isPerTensor = false, TensorChoice? tensors = null,
        int rounds = DefaultRounds, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        TicketRecipe recipe = new() { Scope = new(tensors ?? Matrices, TicketUnit.Elements), Payload = TicketPayload.Keep };
        IReadOnlyList<ScoreSource> sources = KeptUnits.SourcesOf(checkpoint, recipe, cancellationToken);
        FlowPass pass = new(checkpoint, LlamaConfig.Load(checkpoint));
        return InRounds(sources, kept => new FlowScore(pass.Run(kept, cancellationToken), rounds, kept), sparsity, isPerTensor, rounds,
            progress, cancellationToken);
    }

    /// <summary>Prunes in all rounds but the last, each by the flow that the one before leaves.</summary>
    internal static FlowScore InRounds(IReadOnlyList<ScoreSource> sources, Func<TicketMask?, FlowScore> flow, UnitShare sparsity,
        bool isPerTensor, int rounds, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        long count = sources.Sum(s => s.Grid.Count);
        FlowScore score = flow(null);
        for (int round = 1; round < rounds && sparsity.Value > 0; round++)
        {
            double share = Math.Pow(1 - (double)sparsity.Value, (double)round / rounds);
            TicketSelection kept = isPerTensor ? new TopShare(new((decimal)share), isPerTensor)
                : new TopUnits(Math.Max(1, (long)Math.Round(count * share)));
            score = flow(UnitSelector.Select(score, kept, sources, cancellationToken: cancellationToken));
            progress?.Report(round);
        }
        return score;
    }
}
