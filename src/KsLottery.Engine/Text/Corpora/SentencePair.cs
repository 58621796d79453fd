namespace KsLottery.Engine.Text.Corpora;

/// <summary>A text, its translation, and where they stand.</summary>
/// <param name="Source">The text to translate; empty where only a whole <see cref="Prompt"/> is given.</param>
/// <param name="Target">What the model should answer.</param>
/// <param name="Path">The file that holds the pair; of two aligned files the source's.</param>
/// <param name="Line">The line in it, from 1.</param>
public sealed record SentencePair(string Source, string Target, string Path, int Line)
{
    /// <summary>The whole prompt, where the data hold it ready; no template is applied to it.</summary>
    public string? Prompt { get; init; }

    /// <summary>The instruction, where the data hold one for each pair; it takes the place of the template's own. With a blank source it is
    /// all that is asked.</summary>
    public string? Instruction { get; init; }

    /// <summary>What is asked: the whole prompt, the source, or the instruction where there is no source.</summary>
    public string Question => Prompt ?? (string.IsNullOrWhiteSpace(Source) ? Instruction ?? Source : Source);
}
