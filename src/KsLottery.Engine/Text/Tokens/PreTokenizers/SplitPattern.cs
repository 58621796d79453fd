using System.Text;
using System.Text.RegularExpressions;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A regular expression that cuts a text, with the meaning that it has in the tokenizers library.</summary>
internal sealed partial class SplitPattern
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" +
        @"\s*[\r\n]+|\s+(?!\S)|\s+";

    private readonly Lazy<(SymbolAlphabet Alphabet, Regex Regex)> _general;
    private readonly Regex? _fast;
    private readonly string? _literal;

    private SplitPattern(OnigurumaPattern pattern, Regex? fast, string? literal = null)
    {
        (_fast, _literal) = (fast, literal);
        _general = new Lazy<(SymbolAlphabet, Regex)>(() => Compile(pattern));
    }

    /// <summary>The pattern of GPT-2, which the <c>ByteLevel</c> step uses.</summary>
    public static SplitPattern Gpt2 { get; } = From(Gpt2Pattern);

    /// <summary>The expression of a pattern that can be trained with.</summary>
    public static string TextOf(BpePattern pattern) => pattern == BpePattern.Gpt2 ? Gpt2Pattern : Llama3Pattern;

    /// <summary>Takes a pattern; those in wide use have been compiled beforehand.</summary>
    /// <exception cref="ArgumentException">The pattern is broken, or has a construct that is not supported; names it.</exception>
    public static SplitPattern From(string pattern)
    {
        SplitPattern split = new(OnigurumaPattern.Parse(pattern), pattern switch
        {
            Gpt2Pattern => Gpt2Regex(),
            Llama3Pattern => Llama3Regex(),
            _ => null,
        });
        if (split._fast is null) _ = split._general.Value; // What .NET refuses is known now.
        return split;
    }

    /// <summary>Takes fixed text; where it is empty it matches everywhere.</summary>
    public static SplitPattern FromText(string text) => text.Length == 0 ? From("") : new(OnigurumaPattern.Parse(""), null, text);

    /// <summary>Cuts a text where matches begin and end; parts are not empty and cover it whole.</summary>
    public IEnumerable<(int Start, int Length, bool IsMatch)> Split(ReadOnlySpan<char> text) =>
        Find(text).Where(part => part.End > part.Start).Select(part => (part.Start, part.End - part.Start, part.IsMatch));

    /// <summary>Cuts a text where matches begin and end; matches may be empty, except right after another.</summary>
    public List<TextPart> Find(ReadOnlySpan<char> text)
    {
        List<TextPart> parts = new(text.Length / 4);
        if (text.IsEmpty) return parts;
        if (_literal is not null)
        {
            AddLiterals(text, _literal, parts);
            return parts;
        }
        // No character beyond the first plane, and not ſ, which is an s without case.
        if (_fast is not null && text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0 && !text.Contains('ſ'))
        {
            AddParts(_fast.EnumerateMatches(text), null, text.Length, parts);
            return parts;
        }
        char[] symbols = _general.Value.Alphabet.Write(text, out int[]? places);
        AddParts(_general.Value.Regex.EnumerateMatches(symbols), places, text.Length, parts);
        return parts;
    }

    private static void AddLiterals(ReadOnlySpan<char> text, string literal, List<TextPart> parts)
    {
        int done = 0;
        for (int at; (at = text[done..].IndexOf(literal, StringComparison.Ordinal)) >= 0; done += at + literal.Length)
        {
            if (at > 0) parts.Add(new TextPart(done, done + at, false));
            parts.Add(new TextPart(done + at, done + at + literal.Length, true));
        }
        if (done < text.Length) parts.Add(new TextPart(done, text.Length, false));
    }

    private static void AddParts(Regex.ValueMatchEnumerator matches, int[]? places, int length, List<TextPart> parts)
    {
        int done = 0, lastEnd = -1;
        foreach (ValueMatch match in matches)
        {
            int start = places?[match.Index] ?? match.Index;
            int end = places?[match.Index + match.Length] ?? match.Index + match.Length;
            if (start == end && start == lastEnd) continue;
            if (start > done) parts.Add(new TextPart(done, start, false));
            parts.Add(new TextPart(start, end, true));
            done = lastEnd = end;
        }
        if (done < length) parts.Add(new TextPart(done, length, false));
    }

    private static (SymbolAlphabet, Regex) Compile(OnigurumaPattern pattern)
    {
        SymbolAlphabet alphabet = new(pattern.Sets);
        StringBuilder text = new(pattern.Text);
        for (int set = 0; set < pattern.Sets.Count; set++)
            text.Replace(((char)(OnigurumaPattern.FirstSet + set)).ToString(), alphabet.ClassOf(set));
        return (alphabet, new Regex(text.ToString(), RegexOptions.CultureInvariant));
    }

    [GeneratedRegex(Gpt2Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Regex();

    [GeneratedRegex(Llama3Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Llama3Regex();
}
