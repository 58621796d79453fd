namespace KsLottery.Engine.Text.Scoring;

/// <summary>How near hypotheses come to their references.</summary>
/// <param name="Bleu">BLEU by tokenizer 13a.</param>
/// <param name="PieceBleu">BLEU by the pieces of a vocabulary (spBLEU), null where none was given.</param>
/// <param name="Chrf">chrF2.</param>
/// <param name="ChrfPlusPlus">chrF2++.</param>
/// <param name="ExactMatchRate">The share of hypotheses that are a reference of theirs but for white space at the ends, 0 to 1.</param>
public sealed record CorpusScores(BleuScore Bleu, BleuScore? PieceBleu, ChrfScore Chrf, ChrfScore ChrfPlusPlus, double ExactMatchRate)
{
    /// <summary>Scores hypotheses by all measures.</summary>
    /// <param name="hypotheses">One for each segment.</param>
    /// <param name="references">One for each segment.</param>
    /// <param name="pieces">Cuts text into the pieces of a vocabulary, see <see cref="TextTokenizers.FromPieces"/>; null leaves spBLEU
    /// out.</param>
    /// <exception cref="ArgumentException">There are no hypotheses, or the numbers differ.</exception>
    public static CorpusScores Of(IReadOnlyList<string> hypotheses, IReadOnlyList<string> references, ITextTokenizer? pieces = null) =>
        Of(hypotheses, [references], pieces);

    /// <summary>Scores hypotheses with several references each, by all measures.</summary>
    /// <param name="hypotheses">One for each segment.</param>
    /// <param name="references">One or more translations, each with one line for each segment; see
    /// <see cref="KsLottery.Engine.Text.Scoring.Bleu.Corpus"/> and <see cref="KsLottery.Engine.Text.Scoring.Chrf.Corpus"/> for what is made
    /// of several.</param>
    /// <param name="pieces">Cuts text into the pieces of a vocabulary; null leaves spBLEU out.</param>
    /// <exception cref="ArgumentException">There are no hypotheses or no references, or their numbers of lines differ.</exception>
    public static CorpusScores Of(
        IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, ITextTokenizer? pieces = null)
    {
        BleuScore bleu = KsLottery.Engine.Text.Scoring.Bleu.Corpus(hypotheses, references);
        int exact = hypotheses.Index()
            .Count(h => references.Any(lines => h.Item.AsSpan().Trim().SequenceEqual(lines[h.Index].AsSpan().Trim())));
        return new(bleu,
            pieces is null ? null : KsLottery.Engine.Text.Scoring.Bleu.Corpus(hypotheses, references, new() { Tokenizer = pieces }),
            KsLottery.Engine.Text.Scoring.Chrf.Corpus(hypotheses, references),
            KsLottery.Engine.Text.Scoring.Chrf.Corpus(hypotheses, references, ChrfOptions.ChrfPlusPlus),
            (double)exact / hypotheses.Count);
    }
}
