using KsLottery.Engine.Generation;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Evaluation;

/// <summary>How a model is evaluated.</summary>
public sealed record EvaluationOptions
{
    /// <summary>How text is generated, with the tokens that end it (see <see cref="StopTokens"/>); null computes the loss alone.</summary>
    public GenerationOptions? Generation { get; init; }

    /// <summary>Sequences that the model holds at once; a beam search takes one for each beam.</summary>
    /// <remarks>
    /// Up to eight, what follows a prompt of more than eight tokens is computed to the same bits whatever the number. More are faster and
    /// round otherwise, which shows only where two tokens are all but equally likely.
    /// </remarks>
    public int Slots { get; init; } = 8;

    /// <summary>The most rows that losses are computed of at once, unless a single pair has more.</summary>
    public int MicroBatchRows { get; init; } = 1024;

    /// <summary>Cuts text into the pieces of a vocabulary for spBLEU; null leaves it out.</summary>
    public ITextTokenizer? Pieces { get; init; }

    /// <summary>The bins of the calibration error, which takes a second pass over the pairs; null leaves it out.</summary>
    public int? CalibrationBins { get; init; }
}
