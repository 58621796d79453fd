using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Evaluation;

/// <summary>How a model does on some pairs.</summary>
public sealed record EvaluationResult
{
    /// <summary>The mean loss of a target's token in nats, the right tokens before it being given.</summary>
    public required double Loss { get; init; }

    /// <summary>exp(<see cref="Loss"/>): of how many equally likely tokens the model seems to choose.</summary>
    public double Perplexity => Math.Exp(Loss);

    /// <summary>The number of tokens that the loss is the mean of.</summary>
    public required long TargetCount { get; init; }

    /// <summary>The model's confidence in its likeliest token at each place of the targets, the right tokens before it being given, against
    /// how often that is the right one; null where it was not asked for.</summary>
    public Calibration? Calibration { get; init; }

    /// <summary>The scores of what the model wrote; null where nothing was generated.</summary>
    public OutputScores? Scores { get; init; }

    /// <summary>How it stopped, and the mean length in characters; null where nothing was generated.</summary>
    public GenerationSummary? Summary { get; init; }

    /// <summary>The mean number of tokens that it wrote, end tokens left out; NaN where nothing was generated.</summary>
    public double MeanTokens { get; init; } = double.NaN;

    /// <summary>The pairs, in the order of the data.</summary>
    public required IReadOnlyList<EvaluatedSample> Samples { get; init; }
}

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

/// <summary>How far an evaluation has come: all losses come first, then all texts.</summary>
/// <param name="LossCount">Pairs whose loss is known.</param>
/// <param name="TextCount">Pairs whose text is written.</param>
/// <param name="SampleCount">All pairs.</param>
/// <param name="NewTokens">Tokens decided so far.</param>
public readonly record struct EvaluationProgress(int LossCount, int TextCount, int SampleCount, long NewTokens);
