namespace KsLottery.Engine.Text.Corpora;

/// <summary>A sentence pair in tokens.</summary>
/// <param name="Tokens">The begin token, the prompt, the target and the end token.</param>
/// <param name="PromptLength">The number of tokens before the target; the others carry the loss.</param>
/// <param name="Pair">The pair.</param>
public sealed record TrainingSample(int[] Tokens, int PromptLength, SentencePair Pair)
{
    /// <summary>The sample as batches take it.</summary>
    public TokenSequence Sequence => new(Tokens, PromptLength);
}
