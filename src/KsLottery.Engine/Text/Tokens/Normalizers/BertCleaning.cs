using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>BertNormalizer</c> step.</summary>
internal sealed class BertCleaning
{
    private static readonly CodePointSet Chinese = CodePointSet.Of(
    [
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
        (0x20000, 0x2A6DF), (0x2A700, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
    ]);

    private readonly bool _cleans, _spaces, _strips, _lowers;

    /// <summary>Reads the step; accents are stripped where nothing is said and letters become lower case.</summary>
    /// <exception cref="InvalidDataException">A setting is neither true nor false.</exception>
    public BertCleaning(TokenizerStep step)
    {
        _cleans = step.Flag("clean_text", true);
        _spaces = step.Flag("handle_chinese_chars", true);
        _lowers = step.Flag("lowercase", true);
        _strips = step.Flag("strip_accents", _lowers);
    }

    /// <summary>Applies it.</summary>
    public AlignedText Apply(AlignedText text)
    {
        if (_cleans)
            text = CharacterMapping.Each(text, character => UnicodeTables.Unclean.Contains(character.Value) ? null
                : UnicodeTables.Space.Contains(character.Value) ? new Rune(' ') : character);
        if (_spaces) text = text.Map(SpaceOut);
        if (_strips)
            text = CharacterMapping.Each(text.Map(span => UnicodeNormalization.Apply(span.ToString(), NormalizationForm.FormD)),
                character => UnicodeTables.NonSpacingMarks.Contains(character.Value) ? null : character);
        return _lowers ? CharacterMapping.Lowercase(text) : text;
    }

    private static string SpaceOut(ReadOnlySpan<char> text)
    {
        StringBuilder spaced = new(text.Length);
        foreach (Rune character in text.EnumerateRunes())
        {
            if (Chinese.Contains(character.Value)) spaced.Append(' ').Append(character.ToString()).Append(' ');
            else spaced.Append(character.ToString());
        }
        return spaced.ToString();
    }
}
