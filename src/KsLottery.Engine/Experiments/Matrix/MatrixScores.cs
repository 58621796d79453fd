using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>How good what a model wrote is, and whether it is in the right language.</summary>
/// <param name="Chrf">chrF2.</param>
/// <param name="PieceBleu">BLEU over the pieces of the model's own tokenizer: not spBLEU, which has those of FLORES, and comparable only
/// between models of one tokenizer.</param>
/// <param name="Languages">In which languages the outputs are.</param>
/// <param name="OffTarget">How many are in another than the target's.</param>
/// <param name="OffTargetRate">Their share of those that are in any, 0 to 1; NaN where none is.</param>
/// <param name="Summary">How the model stopped.</param>
public sealed record MatrixScores(ChrfScore Chrf, BleuScore PieceBleu, LanguageCounts Languages, int OffTarget, double OffTargetRate,
    GenerationSummary Summary)
{
    /// <summary>Scores outputs.</summary>
    /// <param name="outputs">What a model wrote, one for each segment.</param>
    /// <param name="references">One or more translations, each with one line for each segment.</param>
    /// <param name="pieces">Cuts text into the pieces of the model's tokenizer.</param>
    /// <param name="identifier">Knows the target's language.</param>
    /// <param name="target">The language that the outputs should be in.</param>
    /// <param name="form">Which part of an output counts.</param>
    /// <exception cref="ArgumentException">The identifier does not know the target, there are no outputs or references, or their numbers
    /// differ.</exception>
    public static MatrixScores Of(IReadOnlyList<GeneratedText> outputs, IReadOnlyList<IReadOnlyList<string>> references,
        ITextTokenizer pieces, LanguageIdentifier identifier, string target, HypothesisForm form)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(identifier);
        if (!identifier.Languages.Contains(target))
            throw new ArgumentException($"{target} is none of the languages that the identifier knows: "
                + $"{string.Join(", ", identifier.Languages)}. Give a text of it.", nameof(target));
        string[] texts = [.. outputs.Select(o => Hypothesis.Extract(o.Text, form))];
        LanguageCounts languages = identifier.Count(texts);
        return new(Text.Scoring.Chrf.Corpus(texts, references), Bleu.Corpus(texts, references, new() { Tokenizer = pieces }), languages,
            languages.OffTarget(target), languages.OffTargetRate(target), GenerationSummary.Of(outputs));
    }
}
