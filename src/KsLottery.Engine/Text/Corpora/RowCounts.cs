namespace KsLottery.Engine.Text.Corpora;

/// <summary>How often the rows of an embedding are read.</summary>
internal static class RowCounts
{
    /// <summary>By token id, ascending, those that are read at all: the last token of a sequence is a target only, and no row reads
    /// it.</summary>
    public static SortedDictionary<int, long> Of(IReadOnlyList<TokenSequence> sequences)
    {
        SortedDictionary<int, long> counts = [];
        foreach (TokenSequence sequence in sequences)
            foreach (int token in sequence.Tokens.Span[..sequence.RowCount])
                counts[token] = counts.GetValueOrDefault(token) + 1;
        return counts;
    }
}
