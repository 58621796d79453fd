namespace KsLottery.Engine.Text.Corpora;

/// <summary>Encoded samples, and how many did not come through whole.</summary>
/// <param name="Samples">The samples, in the order of their pairs.</param>
/// <param name="SkippedCount">The number of pairs left out because they were too long.</param>
/// <param name="TruncatedCount">The number of samples that were cut.</param>
public sealed record SampleSet(IReadOnlyList<TrainingSample> Samples, int SkippedCount, int TruncatedCount)
{
    /// <summary>The samples as batches take them.</summary>
    public TokenSequence[] Sequences => [.. Samples.Select(sample => sample.Sequence)];

    /// <summary>The samples whose prompts leave room for an answer.</summary>
    /// <param name="newTokens">The most tokens of an answer.</param>
    /// <param name="capacity">The most tokens of a prompt and its answer: what the model was made for.</param>
    /// <param name="skip">Whether others are left out and counted instead of being an error.</param>
    /// <exception cref="InvalidDataException">A prompt is too long; names file and line.</exception>
    public SampleSet LeaveRoom(int newTokens, int capacity, bool skip)
    {
        List<TrainingSample> fitting = [.. Samples.Where(sample => sample.PromptLength + (long)newTokens <= capacity)];
        if (!skip && Samples.FirstOrDefault(sample => sample.PromptLength + (long)newTokens > capacity) is { } sample)
        {
            throw TextFile.Damaged(sample.Pair.Path, sample.Pair.Line,
                $"the prompt has {sample.PromptLength} tokens, with {newTokens} new ones that is more than " +
                $"the {capacity} that the model was made for; ask for fewer new tokens, shorten the pair, or have such pairs skipped");
        }
        return this with { Samples = fitting, SkippedCount = SkippedCount + Samples.Count - fitting.Count };
    }
}

/// <summary>Tokens to train on: every one behind the first <paramref name="PromptLength"/> is a target of the one before it.</summary>
/// <param name="Tokens">Two tokens or more.</param>
/// <param name="PromptLength">The number of tokens without loss, from 1: the first has nothing before it.</param>
public readonly record struct TokenSequence(ReadOnlyMemory<int> Tokens, int PromptLength)
{
    /// <summary>The number of rows that the sequence takes in a batch: one less than its tokens, since nothing follows the last.</summary>
    public int RowCount => Tokens.Length - 1;
}

/// <summary>A sentence pair in tokens.</summary>
/// <param name="Tokens">The begin token, the prompt, the target and the end token.</param>
/// <param name="PromptLength">The number of tokens before the target; the others carry the loss.</param>
/// <param name="Pair">The pair.</param>
public sealed record TrainingSample(int[] Tokens, int PromptLength, SentencePair Pair)
{
    /// <summary>The sample as batches take it.</summary>
    public TokenSequence Sequence => new(Tokens, PromptLength);
}
