namespace KsLottery.Engine.Text.Scoring;

/// <summary>The scores of what a model wrote, in every <see cref="HypothesisForm"/>: where they differ, the model does not stop.</summary>
/// <param name="Raw">All of it.</param>
/// <param name="FirstLine">Its first line.</param>
/// <param name="Response">What the authors' rule reads.</param>
public sealed record OutputScores(CorpusScores Raw, CorpusScores FirstLine, CorpusScores Response)
{
    /// <summary>The scores by form, in the order of reports.</summary>
    public IEnumerable<(HypothesisForm Form, CorpusScores Scores)> All =>
        [(HypothesisForm.Raw, Raw), (HypothesisForm.FirstLine, FirstLine), (HypothesisForm.Response, Response)];

    /// <summary>Scores outputs in every form.</summary>
    /// <inheritdoc cref="CorpusScores.Of(IReadOnlyList{string}, IReadOnlyList{string}, ITextTokenizer)" path="/exception"/>
    /// <param name="outputs">What was written for each segment.</param>
    /// <param name="references">One for each segment.</param>
    /// <param name="pieces">Cuts text into the pieces of a vocabulary; null leaves spBLEU out.</param>
    public static OutputScores Of(IReadOnlyList<string> outputs, IReadOnlyList<string> references, ITextTokenizer? pieces = null) =>
        Of(outputs, [references], pieces);

    /// <summary>Scores outputs with several references each, in every form.</summary>
    /// <inheritdoc cref="CorpusScores.Of(IReadOnlyList{string}, IReadOnlyList{IReadOnlyList{string}}, ITextTokenizer)" path="/exception"/>
    /// <param name="outputs">What was written for each segment.</param>
    /// <param name="references">One or more translations, each with one line for each segment.</param>
    /// <param name="pieces">Cuts text into the pieces of a vocabulary; null leaves spBLEU out.</param>
    public static OutputScores Of(
        IReadOnlyList<string> outputs, IReadOnlyList<IReadOnlyList<string>> references, ITextTokenizer? pieces = null)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        return new(In(HypothesisForm.Raw), In(HypothesisForm.FirstLine), In(HypothesisForm.Response));

        CorpusScores In(HypothesisForm form) =>
            CorpusScores.Of([.. outputs.Select(text => Hypothesis.Extract(text, form))], references, pieces);
    }
}
