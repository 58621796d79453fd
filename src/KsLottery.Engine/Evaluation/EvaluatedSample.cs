using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Evaluation;

/// <summary>What a model made of one pair.</summary>
/// <param name="Pair">The pair; its target is the reference.</param>
/// <param name="Loss">The sum of the losses of the target's tokens, in nats; the end token is one of them.</param>
/// <param name="TargetCount">Their number.</param>
public sealed record EvaluatedSample(SentencePair Pair, double Loss, int TargetCount)
{
    /// <summary>What the model wrote after the prompt; null where nothing was generated.</summary>
    public GeneratedText? Output { get; init; }

    /// <summary>Its tokens, without the one that ended them; empty where nothing was generated.</summary>
    public IReadOnlyList<int> Tokens { get; init; } = [];
}
