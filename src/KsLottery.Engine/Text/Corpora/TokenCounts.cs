using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>How often each token occurs in sentence pairs.</summary>
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
}
