using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Plain text as sequences of one length, for pre-training, with a part held out for evaluation.</summary>
/// <param name="Training">What to train on.</param>
/// <param name="HeldOut">The end of the text, which training never sees.</param>
public sealed record TextSequences(IReadOnlyList<TokenSequence> Training, IReadOnlyList<TokenSequence> HeldOut)
{
    /// <summary>Joins texts to one stream of tokens, each with what its tokenizer puts around it, and cuts it.</summary>
    /// <remarks>A text ends with the end token even where the tokenizer would not put it there. A sequence ends with the token that the
    /// next one begins with, so that each token but the first is a target once.</remarks>
    /// <param name="texts">The texts, in the order of the stream.</param>
    /// <param name="tokenizer">The tokenizer; see <see cref="Tokenizer.EncodeText"/>.</param>
    /// <param name="vocabularySize">The number of rows of the model's embedding.</param>
    /// <param name="sequenceLength">The number of rows of a sequence; the last may have fewer.</param>
    /// <param name="heldOutShare">The share of the sequences held out, from 0 to less than 1; one or more where it is not 0.</param>
    /// <exception cref="ArgumentException">There is too little text, or a token that the model has no row for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static TextSequences Encode(
        IEnumerable<string> texts, Tokenizer tokenizer, int vocabularySize, int sequenceLength, double heldOutShare = 0.01)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequenceLength);
        if (heldOutShare is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(heldOutShare), heldOutShare, "The share held out goes from 0 to less than 1.");
        List<int> stream = [];
        foreach (string text in texts)
        {
            stream.AddRange(tokenizer.EncodeText(text));
            if (tokenizer.Suffix.Count == 0 && tokenizer.EosId is { } end) stream.Add(end);
        }
        if (stream.Count > 0 && stream.Max() is int largest && largest >= vocabularySize)
        {
            throw new ArgumentException(
                $"The texts have token {largest} ({tokenizer.Names.Visible(largest)}), but the model's embedding has " +
                $"rows 0 to {vocabularySize - 1}; use the tokenizer that belongs to the model.", nameof(texts));
        }
        ReadOnlyMemory<int> tokens = stream.ToArray();
        List<TokenSequence> sequences = [];
        for (int start = 0; start + 1 < tokens.Length; start += sequenceLength)
            sequences.Add(new TokenSequence(tokens[start..Math.Min(start + sequenceLength + 1, tokens.Length)], 1));
        int held = (int)Math.Ceiling(heldOutShare * sequences.Count);
        return held < sequences.Count ? new TextSequences(sequences[..^held], sequences[^held..])
            : throw new ArgumentException(
                $"The texts have {tokens.Length} tokens, {sequences.Count} sequences of {sequenceLength}, of which " +
                $"{held} are held out: none is left to train on. Give more text, or hold out less.", nameof(texts));
    }
}
