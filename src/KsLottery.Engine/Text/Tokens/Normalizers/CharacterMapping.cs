using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The normalisers that change or drop single characters.</summary>
internal static class CharacterMapping
{
    private static readonly CodePointSet NmtDropped = CodePointSet.Of(
        [(0x01, 0x08), (0x0B, 0x0B), (0x0E, 0x1F), (0x7F, 0x7F), (0x8F, 0x8F), (0x9F, 0x9F)]);

    private static readonly CodePointSet NmtSpaces = CodePointSet.Of(
    [
        (0x09, 0x0A), (0x0C, 0x0D), (0x1680, 0x1680), (0x200B, 0x200F), (0x2028, 0x2029),
        (0x2581, 0x2581), (0xFEFF, 0xFEFF), (0xFFFD, 0xFFFD),
    ]);

    /// <summary>Drops controls and makes what counts as white space a space, as SentencePiece's <c>nmt</c> rules do.</summary>
    public static AlignedText Nmt(AlignedText text) => Each(text, character => NmtDropped.Contains(character.Value) ? null
        : NmtSpaces.Contains(character.Value) ? new Rune(' ') : character);

    /// <summary>Drops every mark.</summary>
    public static AlignedText StripMarks(AlignedText text) =>
        Each(text, character => UnicodeTables.Marks.Contains(character.Value) ? null : character);

    /// <summary>Makes each character lower case by itself, whatever stands around it.</summary>
    public static AlignedText Lowercase(AlignedText text) => text.Map(span =>
    {
        StringBuilder lower = new(span.Length);
        foreach (Rune character in span.EnumerateRunes())
        {
            if (character.Value == 'İ') lower.Append("i\u0307");
            else lower.Append(LowercaseOf(character).ToString());
        }
        return lower.ToString();
    });

    /// <summary>Changes each character, or drops it where the change is null.</summary>
    public static AlignedText Each(AlignedText text, Func<Rune, Rune?> change) => text.Map(span =>
    {
        StringBuilder changed = new(span.Length);
        foreach (Rune character in span.EnumerateRunes())
            if (change(character) is { } to)
                changed.Append(to.ToString());
        return changed.ToString();
    });

    /// <summary>Lower case by Unicode 17; .NET 10 has 16.</summary>
    private static Rune LowercaseOf(Rune character) => character.Value switch
    {
        0xA7CE or 0xA7D2 or 0xA7D4 => new Rune(character.Value + 1),
        >= 0x16EA0 and <= 0x16EB8 => new Rune(character.Value + 0x1B),
        _ => Rune.ToLowerInvariant(character),
    };
}
