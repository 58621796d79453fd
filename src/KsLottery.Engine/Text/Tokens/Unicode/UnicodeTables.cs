using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>What the tokenizers library knows of Unicode and .NET does not tell: decompositions, scripts, and the categories of old
/// versions.</summary>
/// <remarks>
/// <para>
/// The library takes its knowledge from several places: Oniguruma and the regex crate have Unicode 16, as .NET 10 has, Rust's own
/// characters Unicode 17, normal forms and combining marks Unicode 9, and punctuation, non-spacing marks and control characters Unicode 8.
/// .NET's own normalisation needs ICU, which this project does without.
/// </para>
/// <para>Source: <c>Data/unicode.txt</c>, written by <c>bench/KsLottery.TokenizerPeers</c>, which asks the library.</para>
/// </remarks>
internal static class UnicodeTables
{
    private static readonly Lazy<Dictionary<string, string>> Sections = new(ReadSections);
    private static readonly Lazy<CodePointSet> LazyPunctuation = new(() => Set("old:punctuation"));
    private static readonly Lazy<CodePointSet> LazyNonSpacing = new(() => Set("old:nonspacing"));
    private static readonly Lazy<CodePointSet> LazyMarks = new(() => Set("old:mark"));
    private static readonly Lazy<CodePointSet> LazyOther = new(() => Set("old:other"));

    /// <summary>Punctuation: ASCII's with its symbols, beyond it category P of Unicode 8.</summary>
    public static CodePointSet Punctuation => LazyPunctuation.Value;

    /// <summary>Non-spacing marks (Mn) of Unicode 8.</summary>
    public static CodePointSet NonSpacingMarks => LazyNonSpacing.Value;

    /// <summary>Marks (M) of Unicode 9.</summary>
    public static CodePointSet Marks => LazyMarks.Value;

    /// <summary>What BERT's cleaning drops: controls without tab and line ends, format and private characters of Unicode 8,
    /// U+FFFD.</summary>
    public static CodePointSet Unclean => LazyOther.Value;

    /// <summary>Characters with a numeric value (N) of Unicode 17.</summary>
    public static CodePointSet Numeric { get; } = CodePointSet.Of(UnicodeCategory.DecimalDigitNumber, UnicodeCategory.LetterNumber,
        UnicodeCategory.OtherNumber).Or(CodePointSet.Of([(0x11DE0, 0x11DE9), (0x16FF4, 0x16FF6)]));

    /// <summary>White space (White_Space).</summary>
    public static CodePointSet Space { get; } = CodePointSet.Of([(9, 13), (0x85, 0x85)]).Or(CodePointSet.Of(
        UnicodeCategory.SpaceSeparator, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator));

    /// <summary>A named set of code points; null where the tables have none of the name.</summary>
    public static CodePointSet? Find(string name) => Sections.Value.ContainsKey(name) ? Set(name) : null;

    /// <summary>The names of sections that begin with a prefix, without it.</summary>
    public static IEnumerable<string> NamesOf(string prefix) => Sections.Value.Keys
        .Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);

    /// <summary>The entries of a map from a code point to text.</summary>
    public static IEnumerable<(int From, string To)> Map(string name)
    {
        foreach (string entry in Sections.Value[name].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            yield return (Code(entry.AsSpan(0, equals)),
                string.Concat(entry[(equals + 1)..].Split('+').Select(code => char.ConvertFromUtf32(Code(code)))));
        }
    }

    private static CodePointSet Set(string name) => CodePointSet.Of(
        Sections.Value[name].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(range => range.Split('-') is [var first, var last]
            ? (Code(first), Code(last)) : (Code(range), Code(range))));

    private static int Code(ReadOnlySpan<char> hexadecimal) =>
        int.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static Dictionary<string, string> ReadSections()
    {
        using Stream stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode.txt")!;
        using StreamReader lines = new(stream);
        Dictionary<string, StringBuilder> sections = [];
        StringBuilder values = new();
        while (lines.ReadLine() is { } line)
        {
            if (line.StartsWith('[')) sections.Add(line.Trim('[', ']'), values = new StringBuilder());
            else if (!line.StartsWith('#')) values.Append(line).Append(' ');
        }
        return sections.ToDictionary(section => section.Key, section => section.Value.ToString());
    }
}
