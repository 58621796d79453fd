using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace KsLottery.Engine.Tokens;

/// <summary>A regular expression that cuts a text into words.</summary>
/// <remarks>
/// .NET matches UTF-16 units, to which no character outside the first plane is a letter, while such patterns mean code points. A
/// text with such characters is therefore matched in a copy where each is one unit of the same Unicode category.
/// </remarks>
internal sealed partial class SplitPattern
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" +
        @"\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly char[] Representatives = FindRepresentatives();

    private readonly Regex _regex;

    private SplitPattern(Regex regex) => _regex = regex;

    /// <summary>The pattern of GPT-2, which the <c>ByteLevel</c> step uses.</summary>
    public static SplitPattern Gpt2 { get; } = new(Gpt2Regex());

    /// <summary>The expression of a pattern that can be trained with.</summary>
    public static string TextOf(BpePattern pattern) => pattern == BpePattern.Gpt2 ? Gpt2Pattern : Llama3Pattern;

    /// <summary>Takes a pattern; those in wide use have been compiled beforehand.</summary>
    /// <exception cref="ArgumentException">The pattern is not understood.</exception>
    public static SplitPattern From(string pattern) => pattern switch
    {
        Gpt2Pattern => Gpt2,
        Llama3Pattern => new SplitPattern(Llama3Regex()),
        _ => new SplitPattern(new Regex(pattern, RegexOptions.CultureInvariant)),
    };

    /// <summary>Cuts a text where matches begin and end; parts are not empty and cover it whole.</summary>
    public List<(int Start, int Length, bool IsMatch)> Split(ReadOnlySpan<char> text)
    {
        List<(int, int, bool)> parts = new(text.Length / 4);
        bool isFirstPlane = text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0;
        int[] places = [];
        char[] units = isFirstPlane ? [] : ToUnits(text, out places);
        int done = 0;
        foreach (ValueMatch match in _regex.EnumerateMatches(isFirstPlane ? text : units))
        {
            if (match.Length == 0) continue;
            int start = isFirstPlane ? match.Index : places[match.Index];
            int end = isFirstPlane ? match.Index + match.Length : places[match.Index + match.Length];
            if (start > done) parts.Add((done, start - done, false));
            parts.Add((start, end - start, true));
            done = end;
        }
        if (done < text.Length) parts.Add((done, text.Length - done, false));
        return parts;
    }

    private static char[] ToUnits(ReadOnlySpan<char> text, out int[] places)
    {
        List<char> units = new(text.Length);
        List<int> starts = new(text.Length + 1);
        int start = 0;
        foreach (Rune character in text.EnumerateRunes())
        {
            units.Add(character.IsBmp ? (char)character.Value : Representatives[(int)Rune.GetUnicodeCategory(character)]);
            starts.Add(start);
            start += character.Utf16SequenceLength;
        }
        starts.Add(start);
        places = [.. starts];
        return [.. units];
    }

    /// <summary>The last unit of each category: characters that no pattern names by themselves.</summary>
    private static char[] FindRepresentatives()
    {
        char[] representatives = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
        for (int unit = 0; unit <= char.MaxValue; unit++)
            representatives[(int)CharUnicodeInfo.GetUnicodeCategory((char)unit)] = (char)unit;
        return representatives;
    }

    [GeneratedRegex(Gpt2Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Regex();

    [GeneratedRegex(Llama3Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Llama3Regex();
}
