using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>What a model wrote for one source.</summary>
/// <param name="Text">The text after the prompt, without a token that ends it.</param>
/// <param name="EndedByEos">Whether the model ended it; false where it ran into the limit of new tokens.</param>
public readonly record struct GeneratedText(string Text, bool EndedByEos);

/// <summary>How a model stops, which a gain in score is often made of.</summary>
/// <param name="Count">The number of texts.</param>
/// <param name="EosRate">The share of texts that the model ended itself, 0 to 1; NaN without texts.</param>
/// <param name="MeanCharacters">The mean length of the raw texts in code points; NaN without texts.</param>
public sealed record GenerationSummary(int Count, double EosRate, double MeanCharacters)
{
    /// <summary>Summarizes texts.</summary>
    /// <param name="texts">All that a model wrote for one set of sources.</param>
    /// <exception cref="ArgumentException">A text is null.</exception>
    public static GenerationSummary Of(IReadOnlyList<GeneratedText> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        long ended = 0, characters = 0;
        for (int i = 0; i < texts.Count; i++)
        {
            string text = texts[i].Text ?? throw new ArgumentException($"The text at index {i} is null; give an empty one.", nameof(texts));
            if (texts[i].EndedByEos) ended++;
            foreach (Rune _ in text.EnumerateRunes()) characters++;
        }
        return new GenerationSummary(texts.Count, (double)ended / texts.Count, (double)characters / texts.Count);
    }
}
