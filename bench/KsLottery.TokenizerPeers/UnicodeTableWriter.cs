using System.Globalization;
using System.Text;

namespace KsLottery.TokenizerPeers;

/// <summary>Writes what the tokenizers library knows of Unicode and .NET does not, by asking it: <c>Tokens/Data/unicode.txt</c>.</summary>
internal static class UnicodeTableWriter
{
    private const int Chunk = 2048;

    private static readonly string[] Scripts =
    [
        "Arabic", "Armenian", "Bengali", "Bopomofo", "Common", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek",
        "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana", "Inherited", "Kannada", "Katakana", "Khmer", "Lao", "Latin",
            "Malayalam",
        "Mongolian", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai", "Tibetan",
    ];

    private static readonly (string Name, string Regex)[] Classes =
        [("alphabetic", "[[:alpha:]]"), ("uppercase", "[[:upper:]]"), ("lowercase", "[[:lower:]]")];

    /// <summary>Writes the file; the combining classes are given, since the library shows none.</summary>
    public static void Write(string path, string combiningClasses)
    {
        using StreamWriter file = new(path) { NewLine = "\n" };
        file.WriteLine("# Written by bench/KsLottery.TokenizerPeers from tokenizers 0.22.2. Hexadecimal; ranges hold their ends.");
        foreach ((string name, string regex) in Classes) WriteSet(file, name, Removed(Split(regex)));
        foreach (string script in Scripts) WriteSet(file, "script:" + script, Removed(Split($"\\p{{{script}}}")));
        WriteSet(file, "old:punctuation", Removed("""{"type":"Punctuation","behavior":"Removed"}"""));
        const string Bert =
            """{"type":"BertNormalizer","clean_text":CLEAN,"handle_chinese_chars":false,"strip_accents":STRIP,"lowercase":false}""";
        HashSet<int> other =
            Dropped(Bert.Replace("CLEAN", "true", StringComparison.Ordinal).Replace("STRIP", "false", StringComparison.Ordinal));
        WriteSet(file, "old:other", other);
        HashSet<int> marks = Dropped("""{"type":"StripAccents"}""");
        WriteSet(file, "old:nonspacing",
            Dropped(Bert.Replace("CLEAN", "false", StringComparison.Ordinal).Replace("STRIP", "true", StringComparison.Ordinal)));
        WriteSet(file, "old:mark", marks);
        foreach (string line in File.ReadLines(combiningClasses))
        {
            string[] parts = line.Split(' ');
            WriteSet(file, "class:" + parts[0],
                [.. parts[1..].Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                    .Where(marks.Contains)]);
        }
        Dictionary<int, string> canonical = Changed("NFD"), composed = Changed("NFC"), compatible = Changed("NFKD");
        WriteMap(file, "canonical", canonical.Where(entry => entry.Key is < 0xAC00 or > 0xD7A3));
        WriteMap(file, "compatible",
            compatible.Where(entry => entry.Key is < 0xAC00 or > 0xD7A3 && canonical.GetValueOrDefault(entry.Key) != entry.Value));
        WriteSet(file, "never-composed", [.. composed.Keys]);
    }

    private static IEnumerable<int> CodePoints => Enumerable.Range(0, 0x110000).Where(Rune.IsValid);

    private static string Split(string regex) =>
        $$"""{"type":"Split","pattern":{"Regex":"{{regex.Replace("\\", "\\\\", StringComparison.Ordinal)}}"},"behavior":"Removed","invert":false}""";

    /// <summary>The code points that a splitting step removes.</summary>
    private static HashSet<int> Removed(string preTokenizer)
    {
        using ByteOracle oracle = new("null", preTokenizer);
        HashSet<int> gone = [];
        foreach (int[] part in CodePoints.Chunk(Chunk))
        {
            HashSet<int> left =
                [.. oracle.Apply(string.Concat(part.Select(char.ConvertFromUtf32))).EnumerateRunes().Select(rune => rune.Value)];
            gone.UnionWith(part.Where(code => !left.Contains(code)));
        }
        return gone;
    }

    /// <summary>The code points of which a normaliser leaves nothing.</summary>
    private static HashSet<int> Dropped(string normalizer)
    {
        using ByteOracle oracle = new(normalizer, "null");
        return [.. CodePoints.Where(code => oracle.Apply("a" + char.ConvertFromUtf32(code) + "a") == "aa")];
    }

    private static Dictionary<int, string> Changed(string normalizer)
    {
        using ByteOracle oracle = new($$"""{"type":"{{normalizer}}"}""", "null");
        Dictionary<int, string> changed = [];
        foreach (int code in CodePoints)
        {
            string text = char.ConvertFromUtf32(code), to = oracle.Apply(text);
            if (text != to) changed.Add(code, to);
        }
        return changed;
    }

    private static void WriteSet(StreamWriter file, string name, IReadOnlyCollection<int> codes)
    {
        List<string> ranges = [];
        int start = -1, last = -2;
        foreach (int code in codes.Order().Append(int.MaxValue))
        {
            if (code == last + 1)
            {
                last = code;
                continue;
            }
            if (start >= 0) ranges.Add(start == last ? $"{start:X}" : $"{start:X}-{last:X}");
            (start, last) = (code, code);
        }
        WriteWrapped(file, name, ranges);
    }

    private static void WriteMap(StreamWriter file, string name, IEnumerable<KeyValuePair<int, string>> map) => WriteWrapped(file, name,
        map.Select(entry => $"{entry.Key:X}={string.Join('+', entry.Value.EnumerateRunes().Select(Hexadecimal))}"));

    private static string Hexadecimal(Rune rune) => rune.Value.ToString("X", CultureInfo.InvariantCulture);

    private static void WriteWrapped(StreamWriter file, string name, IEnumerable<string> values)
    {
        file.WriteLine($"[{name}]");
        StringBuilder line = new();
        foreach (string value in values)
        {
            if (line.Length + value.Length > 138)
            {
                file.WriteLine(line);
                line.Clear();
            }
            line.Append(line.Length == 0 ? "" : " ").Append(value);
        }
        if (line.Length > 0) file.WriteLine(line);
    }
}
