using System.IO.Compression;
using System.Text;

namespace KsLottery.Engine.Tests.Text.Tokens.Peers;

/// <summary>Texts to compare tokenizers on: lines of eight languages, and hostile ones.</summary>
internal static class TokenizerTexts
{
    private static readonly string[] Languages =
        ["ary_Arab", "eng_Latn", "fur_Latn", "lij_Latn", "lim_Latn", "lmo_Latn", "scn_Latn", "vec_Latn"];

    private static readonly string[] Fragments =
    [
        " ", " ", " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u2003", "\u3000", "\u2028", "\u0085", "\u200B", "\u200D", "\uFEFF", "\u202E",
            "\0", "\u0001",
        "\u001F", "\u007F", "\u0092", "a", "ab", "the", "The", "THE", "don't", "I'm", "we'll", "'s", "'S", "'ſ", "x's", "12", "3",
            "1234567", "٣٤", "४५", "½", "¹³¼",
        "Ⅷ", "²", "①", "ⓐ", "🄰", "𝟏", "𝐀", ".", "...", "!?", "(", "]", "-", "—", "_", "‿", "$", "€", "+", "<", "|", "`", "^", "~", "«",
            "、", "。", "é", "e\u0301",
        "\u0301", "\u0316\u0301", "ñ", "Å", "Å", "ǖ", "ﬁ", "ﬃ", "ß", "ẞ", "İ", "ı", "ς", "Σ", "K", "Ａ", "ｱﾞ", "カ\u3099", "日本", "語", "㍿",
            "한국", "각",
        "ᄀ\u1161\u11A8", "Привет", "й", "שלום", "مرحبا", "لا", "हिन्दी", "क\u094D\u0937", "ไทย", "😀", "👨‍👩‍👧", "👍🏽", "🇩🇰", "\uFFFD",
            "▁", "▁the", "Ġ", "Ċ", "##",
        "<s>", "</s>", "<unk>", "[MASK]", "[CLS]", "<0x41>", "<0xE6>", "ͅ", "\u0345\u0301", "𐐀", "𑇉", "꟎", "🿿", "\U000E0041", "\uE000",
            "\u0378", "ᳲ", "੶", "⹃", "႙",
        "𖺠", "ᜱ᜴", "ᜒ", "  ", "aaaaaaaaaaaaaaaaaaaa", "　", "'", "\"", "\\", "/", ",", ", ", ". ", "\n\n", " \n ", "a\u0308\u0323",
            "q\u0307\u0323", "x\u20DD",
    ];

    /// <summary>Lines of the languages in turn, then as many hostile texts.</summary>
    /// <param name="corpora">The folder <c>corpora</c> of the shared data.</param>
    /// <param name="count">The number of texts.</param>
    public static IEnumerable<string> Take(string corpora, int count)
    {
        List<string> lines = [.. Lines(corpora, (count + 15) / 16).Take(count / 2)];
        return lines.Concat(Hostile(count - lines.Count, 17));
    }

    /// <summary>Lines of each language, one after the other.</summary>
    public static IEnumerable<string> Lines(string corpora, int count)
    {
        foreach (string language in Languages)
        {
            using StreamReader file = new(new GZipStream(
                File.OpenRead(Path.Combine(corpora, "nllb-seed", language + ".gz")), CompressionMode.Decompress));
            for (int i = 0; i < count && file.ReadLine() is { } line; i++) yield return line;
        }
    }

    /// <summary>Texts of fragments that tokenizers treat in ways of their own, with any characters between them and long runs.</summary>
    public static IEnumerable<string> Hostile(int count, int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < count; i++)
        {
            StringBuilder text = new();
            for (int parts = random.Next(14); parts >= 0; parts--)
            {
                string part = Fragments[random.Next(Fragments.Length)];
                if (random.Next(8) == 0 && RandomCharacter(random) is { } character) part = character.ToString();
                int times = random.Next(60) == 0 ? random.Next(40) : 1;
                for (int time = 0; time < times; time++) text.Append(part);
            }
            yield return text.ToString();
        }
    }

    private static Rune? RandomCharacter(Random random) =>
        Rune.TryCreate(random.Next(random.Next(3) switch { 0 => 0x110000, 1 => 0x20000, _ => 0x3000 }), out Rune rune) ? rune : null;
}
