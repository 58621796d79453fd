using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Generation;

/// <summary>The continuation of one prompt, under way.</summary>
/// <param name="prompt">The prompt's index.</param>
/// <param name="slots">The slots that are the search's own; the prompt was read into the first.</param>
/// <param name="limit">The most new tokens, at least 1.</param>
internal abstract class Search(int prompt, int[] slots, int limit)
{
    public int Prompt => prompt;

    public int[] Slots => slots;

    protected int Limit => limit;

    /// <summary>The number of tokens decided so far.</summary>
    protected int Length { get; private set; }

    /// <summary>Decides on the next token by the logits at hand, and asks for the pass that it needs; or returns the result, and needs
    /// none.</summary>
    public Generated? Advance(IDecoder decoder, NextPass next)
    {
        Length++;
        return Decide(decoder, next);
    }

    protected abstract Generated? Decide(IDecoder decoder, NextPass next);

    /// <summary>What to take from a logit to have the token's log probability.</summary>
    protected double LogSum(ReadOnlySpan<float> logits)
    {
        double logSum = Softmax.LogSum(logits);
        return double.IsFinite(logSum) ? logSum : throw new NotFiniteNumberException(
            $"The logits for new token {Length} of prompt {prompt} are no distribution: the logarithm of their exponentials' sum is "
                + $"{logSum}, "
            + "it must be finite. Look for NaN or infinite weights in the checkpoint.");
    }
}
