using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>What becomes of the values outside of a mask while whole tensors are trained: <see cref="ZeroOutside"/>,
/// <see cref="StraightThrough"/>, <see cref="ProjectedSteps"/> or <see cref="MatchedNorm"/>; there are no others.</summary>
/// <remarks>
/// Tensors that no mask is of are trained whole. Where the values outside are to stay as the base has them, the scope is
/// <see cref="TrainingScope.Mask"/>, and what comes of it a patch. docs/masks.md has a table of what each does to weights, gradients,
/// moments and clipping.
/// </remarks>
public abstract record MaskPolicy
{
    private protected MaskPolicy()
    {
    }

    /// <summary>What decides it, in a line.</summary>
    internal abstract string Line { get; }

    /// <summary>Puts it to work on the weights of a training.</summary>
    /// <exception cref="ArgumentException">A tensor is not the model's, or does not learn as a whole.</exception>
    internal abstract AppliedMask Apply(LlamaWeights weights, OptimizerState optimizer, IOperations operations);

    /// <summary>The weights of some names, in the model's order.</summary>
    private protected static MaskedWeight[] Find(LlamaWeights weights, OptimizerState optimizer, Predicate<string> isMeant)
    {
        Dictionary<string, int> learned = weights.Trainable.Index().ToDictionary(w => w.Item.Name, w => w.Index);
        return [.. weights.All.Where(w => isMeant(w.Name)).Select(w => learned.TryGetValue(w.Name, out int index) && w.IsTrainable
            ? new MaskedWeight(w, optimizer.MomentsOf(index))
            : throw new ArgumentException($"{w.Name} has a mask and does not learn as a whole in the scope {weights.Scope!.Name}. Train "
                + $"the scope {TrainingScope.FullName}, or leave the tensor out.", nameof(weights)))];
    }
}

/// <summary>All outside of a mask is 0 from the first step on, as a pruned model is trained on (Frankle and Carbin, ICLR 2019).</summary>
/// <param name="Kept">The mask, which may have been found in another model of the same shape.</param>
public sealed record ZeroOutside(TicketMask Kept) : MaskPolicy
{
    internal override string Line => $"zero|kept:{Kept.ToElements().TakeFingerprint()}";

    internal override AppliedMask Apply(LlamaWeights weights, OptimizerState optimizer, IOperations operations)
    {
        Dictionary<string, TensorMask> kept = ModelMask.Of(Kept, weights, isWhole: true);
        return new ZeroedOutside(Find(weights, optimizer, kept.ContainsKey), kept, operations);
    }
}

/// <summary>No mask: each tensor of one is scaled at the start to the norm that its part in the mask has, and trained whole. The control of
/// <see cref="ZeroOutside"/> for what its smaller norm alone does (Minegishi, Iwasawa and Matsuo, arXiv 2310.19470).</summary>
/// <param name="Kept">The mask.</param>
/// <param name="P">1 or 2: the norm is (Σ|w|ᵖ)^(1/p).</param>
public sealed record MatchedNorm(TicketMask Kept, int P = 2) : MaskPolicy
{
    internal override string Line =>
        string.Create(CultureInfo.InvariantCulture, $"match-l{P}|kept:{Kept.ToElements().TakeFingerprint()}");

    internal override AppliedMask Apply(LlamaWeights weights, OptimizerState optimizer, IOperations operations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(P, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(P, 2);
        Dictionary<string, TensorMask> kept = ModelMask.Of(Kept, weights, isWhole: true);
        return new ScaledStart(Find(weights, optimizer, kept.ContainsKey), kept, P, operations);
    }
}

/// <summary>A policy whose mask follows the weights: of some matrices what has the largest magnitude.</summary>
/// <param name="Kept">What is kept: a share, a number, or N of M.</param>
/// <param name="Tensors">The matrices; null for <see cref="ModelPruning.LayerMatrices"/>.</param>
public abstract record MovingMask(TicketSelection Kept, TensorChoice? Tensors) : MaskPolicy
{
    private protected string Choice => $"{string.Join('|', Kept.Terms.Select(t => $"{t.Name}:{t.Value}"))}|tensors:{Chosen.Text}";

    private protected TensorChoice Chosen => Tensors ?? ModelPruning.LayerMatrices;

    private protected MaskedWeight[] FindChosen(LlamaWeights weights, OptimizerState optimizer) =>
        Find(weights, optimizer, Chosen.Contains) is { Length: > 0 } found ? found
            : throw new ArgumentException($"no tensor of the model fits {Chosen.Text}. Choose others.", nameof(weights));
}

/// <summary>The model computes with w·m, and w learns by the gradient of that as if the mask were not there (Bengio, Léonard and Courville,
/// arXiv 1308.3432); the mask follows w every so many steps. What is written is w·m.</summary>
/// <param name="Kept">What is kept.</param>
/// <param name="Tensors">The matrices; null for <see cref="ModelPruning.LayerMatrices"/>.</param>
public sealed record StraightThrough(TicketSelection Kept, TensorChoice? Tensors = null) : MovingMask(Kept, Tensors)
{
    /// <summary>Steps from one mask to the next; AST (Huang et al., AAAI 2025) takes 10.</summary>
    public int Every { get; init; } = 10;

    /// <summary>λ of λ·(1 - m)·w, which is added to the gradient and draws what is pruned to 0: SR-STE (Zhou et al., ICLR 2021).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not finite, or below 0.</exception>
    public double Decay
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value
            : throw new ArgumentOutOfRangeException(nameof(Decay), value, "the decay is finite, 0 or more.");
    }

    internal override string Line => string.Create(CultureInfo.InvariantCulture,
        $"straight-through|{Choice}|every:{Every}|decay:{Decay}");

    internal override AppliedMask Apply(LlamaWeights weights, OptimizerState optimizer, IOperations operations)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Every);
        return new StraightThroughMask(FindChosen(weights, optimizer), this, operations);
    }
}

/// <summary>After each step all but the largest weights are 0, whichever these are by then: projected gradient descent on an ℓ₀ ball, as in
/// TEDDY (Seo, Yun and Yang, ICLR 2024).</summary>
/// <param name="Kept">What is kept.</param>
/// <param name="Tensors">The matrices; null for <see cref="ModelPruning.LayerMatrices"/>.</param>
public sealed record ProjectedSteps(TicketSelection Kept, TensorChoice? Tensors = null) : MovingMask(Kept, Tensors)
{
    /// <summary>Whether the moments of what is cut become 0 as well; else they stay.</summary>
    public bool ZeroesMoments { get; init; }

    internal override string Line => $"project|{Choice}{(ZeroesMoments ? "|moments:zero" : "")}";

    internal override AppliedMask Apply(LlamaWeights weights, OptimizerState optimizer, IOperations operations) =>
        new Projection(FindChosen(weights, optimizer), this, operations);
}
