using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>How often each token occurs in sentence pairs, or in texts.</summary>
internal static class TokenCounts
{
    private const int PairsBetweenChecks = 256;

    /// <summary>Counts the tokens of both sides, or of the whole prompt and its target; a template's words and begin and end tokens are not
    /// counted.</summary>
    /// <param name="tokenizer">Turns text into ids.</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="cancellationToken">Stops between pairs.</param>
    /// <returns>Occurrences by token id, as many as the tokenizer has ids.</returns>
    public static IReadOnlyList<long> Of(Tokenizer tokenizer, IEnumerable<SentencePair> pairs,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(pairs);
        long[] counts = new long[tokenizer.Count];
        foreach ((int i, SentencePair pair) in pairs.Index())
        {
            if (i % PairsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            foreach (string text in (string[])[pair.Question, pair.Target])
                foreach (int id in tokenizer.Encode(text))
                    counts[id]++;
        }
        return counts;
    }

    /// <summary>Counts the tokens of some texts.</summary>
    /// <param name="tokenizer">Turns text into ids.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="rows">How many ids there are: the rows of the embedding.</param>
    /// <param name="cancellationToken">Stops between texts.</param>
    /// <returns>Occurrences by token id.</returns>
    /// <exception cref="InvalidDataException">The tokenizer gives an id that the embedding lacks.</exception>
    public static long[] OfTexts(Tokenizer tokenizer, IEnumerable<string> texts, long rows, CancellationToken cancellationToken = default)
    {
        long[] counts = new long[rows];
        foreach (string text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (int id in tokenizer.Encode(text))
                counts[id < rows ? id : throw new InvalidDataException($"the tokenizer gives token {id}, the embedding has {rows} rows. "
                    + "Give the model's own tokenizer.")]++;
        }
        return counts;
    }
}
