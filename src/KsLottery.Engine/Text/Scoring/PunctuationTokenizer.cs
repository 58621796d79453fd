using System.Buffers;
using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>What a code point means to <see cref="PunctuationTokenizer"/>.</summary>
internal enum GlyphClass
{
    Other,

    /// <summary>A digit or other number.</summary>
    Number,

    /// <summary>Stays with numbers on both sides (1,000.5), and stands apart elsewhere.</summary>
    Punctuation,

    /// <summary>Stands apart only after a number.</summary>
    Dash,

    /// <summary>Always stands apart.</summary>
    Symbol,
}

/// <summary>The classes of code points, and what is undone before they are looked at.</summary>
internal interface IGlyphAlphabet
{
    /// <summary>What the place before the first and after the last code point counts as.</summary>
    GlyphClass Edge { get; }

    string Prepare(string text);

    GlyphClass Classify(Rune rune);
}

/// <summary>Sets punctuation apart as mteval does.</summary>
/// <remarks>
/// mteval says it in substitutions one after the other: punctuation after a non-number, then before one, each consuming its neighbour;
/// and symbols and dashes. They only ever insert spaces, so that one pass that remembers which sign the first has consumed does the same.
/// </remarks>
internal sealed class PunctuationTokenizer(string name, IGlyphAlphabet alphabet) : ITextTokenizer
{
    public string Name => name;

    public string Separate(string text)
    {
        ReadOnlySpan<char> rest = alphabet.Prepare(text);
        StringBuilder separated = new(rest.Length + rest.Length / 4);
        GlyphClass before = alphabet.Edge, current = Next(rest, out int length);
        bool consumed = false;
        while (length > 0)
        {
            GlyphClass after = Next(rest[length..], out int nextLength);
            bool follows = current == GlyphClass.Punctuation && before != GlyphClass.Number && !consumed;
            bool apart = current switch
            {
                GlyphClass.Symbol => true,
                GlyphClass.Punctuation => follows || after != GlyphClass.Number,
                GlyphClass.Dash => before == GlyphClass.Number,
                _ => false,
            };
            if (apart) separated.Append(' ');
            separated.Append(rest[..length]);
            if (apart) separated.Append(' ');
            rest = rest[length..];
            (before, current, length, consumed) = (current, after, nextLength, follows);
        }
        return separated.ToString();
    }

    private GlyphClass Next(ReadOnlySpan<char> text, out int length)
    {
        if (Rune.DecodeFromUtf16(text, out Rune rune, out length) == OperationStatus.Done) return alphabet.Classify(rune);
        return length == 0 ? alphabet.Edge : GlyphClass.Other;
    }
}

/// <summary>The rules of mteval-v13a: ASCII alone, with its entities and marks of skipped text undone.</summary>
internal sealed class WesternAlphabet : IGlyphAlphabet
{
    public GlyphClass Edge => GlyphClass.Other;

    public string Prepare(string text)
    {
        text = text.Replace("<skipped>", "", StringComparison.Ordinal)
            .Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' ');
        if (!text.Contains('&')) return text;
        // The order matters: &amp;lt; becomes < in the end.
        return text.Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
    }

    public GlyphClass Classify(Rune rune) => rune.Value switch
    {
        >= '0' and <= '9' => GlyphClass.Number,
        '.' or ',' => GlyphClass.Punctuation,
        '-' => GlyphClass.Dash,
        '\'' or < ' ' or > '~' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') => GlyphClass.Other,
        _ => GlyphClass.Symbol,
    };
}

/// <summary>The rules of mteval-v14: Unicode categories, entities left alone, and no sign apart only because the line ends there.</summary>
internal sealed class UnicodeAlphabet : IGlyphAlphabet
{
    // A sign wants a non-number beside it, and mteval-v14 finds nothing beside the first and the last.
    public GlyphClass Edge => GlyphClass.Number;

    public string Prepare(string text) => text;

    public GlyphClass Classify(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => GlyphClass.Number,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => GlyphClass.Punctuation,
        >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol => GlyphClass.Symbol,
        _ => GlyphClass.Other,
    };
}
