using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using static KsLottery.Engine.Tests.Text.Tokens.TokenizerFixtures;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>Each step of a <c>tokenizer.json</c> on cases worked by hand.</summary>
internal sealed class JsonStepTests
{
    [TestCase("""{"type":"NFC"}""", "e\u0301 각 q\u0307\u0323", "é 각 q\u0323\u0307")]
    [TestCase("""{"type":"NFD"}""", "é각ﬁ", "e\u0301\u1100\u1161\u11A8ﬁ")]
    [TestCase("""{"type":"NFKC"}""", "ﬁ①Ａ\u1100\u1161\u11A8", "fi1A각")]
    [TestCase("""{"type":"NFKD"}""", "ﬃ½é", "ffi1\u20442e\u0301")]
    [TestCase("""{"type":"Lowercase"}""", "ÀİΣ", "ài\u0307σ", Description = "each character by itself, so no final sigma")]
    [TestCase("""{"type":"StripAccents"}""", "e\u0301é\u0903", "eé", Description = "marks alone; a spacing one too")]
    [TestCase("""{"type":"Strip","strip_left":true,"strip_right":false}""", " \u3000a ", "a ")]
    [TestCase("""{"type":"Strip","strip_left":false,"strip_right":true}""", " a\t", " a")]
    [TestCase("""{"type":"Prepend","prepend":"▁"}""", "a", "▁a")]
    [TestCase("""{"type":"Replace","pattern":{"String":"."},"content":"-"}""", "a.b", "a-b")]
    [TestCase("""{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "}""", "a \n b", "a b")]
    [TestCase("""{"type":"Nmt"}""", "a\u0001b\u200Bc\u2581d\uFFFD", "ab c d ")]
    [TestCase("""{"type":"ByteLevel"}""", "é b", "Ã©Ġb")]
    [TestCase("""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""",
        "É\t日\u0000\u200D", "e  日 ")]
    [TestCase("""{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":null,"lowercase":false}""", "É\t",
        "É\t")]
    [TestCase("""{"type":"Sequence","normalizers":[{"type":"Sequence","normalizers":[{"type":"NFD"}]},{"type":"StripAccents"}]}""", "é",
        "e")]
    public void A_normalizer(string json, string text, string expected) =>
        Assert.That(new JsonNormalizer("t", JsonElement.Parse(json)).Apply(text), Is.EqualTo(expected));

    [TestCase("""{"type":"Digits","individual_digits":true}""", "a12½", "a|1|2|½")]
    [TestCase("""{"type":"Digits","individual_digits":false}""", "a12b", "a|12|b")]
    [TestCase("""{"type":"Punctuation","behavior":"Contiguous"}""", "a!?€", "a|!?|€")]
    [TestCase("""{"type":"Punctuation"}""", "a+!", "a|+|!", Description = "ASCII's symbols count")]
    [TestCase("""{"type":"Whitespace"}""", "don't  a-b", "don|'|t|a|-|b")]
    [TestCase("""{"type":"WhitespaceSplit"}""", " a\u00A0b ", "a|b")]
    [TestCase("""{"type":"CharDelimiterSplit","delimiter":"-"}""", "a--b-", "a|b")]
    [TestCase("""{"type":"BertPreTokenizer"}""", "it's 5€.", "it|'|s|5€|.")]
    [TestCase("""{"type":"FixedLength","length":2}""", "ab😀c", "ab|😀c")]
    [TestCase("""{"type":"Split","pattern":{"String":"-"},"behavior":"Removed","invert":false}""", "the-final--countdown",
        "the|final|countdown")]
    [TestCase("""{"type":"Split","pattern":{"String":"-"},"behavior":"Isolated","invert":false}""", "the-final--countdown",
        "the|-|final|-|-|countdown")]
    [TestCase("""{"type":"Split","pattern":{"String":"-"},"behavior":"MergedWithPrevious","invert":false}""", "the-final--countdown",
        "the-|final-|-|countdown")]
    [TestCase("""{"type":"Split","pattern":{"String":"-"},"behavior":"MergedWithNext","invert":false}""", "the-final--countdown",
        "the|-final|-|-countdown")]
    [TestCase("""{"type":"Split","pattern":{"String":"-"},"behavior":"Contiguous","invert":false}""", "the-final--countdown",
        "the|-|final|--|countdown")]
    [TestCase("""{"type":"Split","pattern":{"String":"-"},"behavior":"Removed","invert":true}""", "a--b", "-|-")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "a  b", "▁a|▁|▁b")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", "a b", "▁a▁b")]
    [TestCase("""{"type":"Metaspace","replacement":"_","prepend_scheme":"never"}""", "a b", "a|_b")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", "a", "▁a")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","add_prefix_space":false}""", "a", "a")]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}""", "é b", "ĠÃ©|Ġb")]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", "a b", "aĠb")]
    [TestCase("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","prepend_scheme":"first"}]}""", "a b",
        "▁a|b")]
    public void A_pre_tokenizer(string json, string text, string words) => Assert.That(string.Join('|',
        new JsonPreTokenizer("t", JsonElement.Parse(json))
        .Apply(new AlignedText(text.AsMemory(), 1)).Select(word => word.Text.ToString())), Is.EqualTo(words));

    [TestCase("null", "a|b", "a b")]
    [TestCase("""{"type":"Fuse"}""", "a|b", "ab")]
    [TestCase("""{"type":"Strip","content":" ","start":1,"stop":2}""", "  a  | b", " ab")]
    [TestCase("""{"type":"Replace","pattern":{"String":"▁"},"content":" "}""", "▁a|▁b", " a b")]
    [TestCase("""{"type":"Replace","pattern":{"Regex":"\\d+"},"content":"#"}""", "a12", "a#")]
    [TestCase("""{"type":"ByteFallback"}""", "a|<0xE6>|<0x97>|<0xA5>|b", "a日b")]
    [TestCase("""{"type":"ByteFallback"}""", "<0x41>|<0xE6>|b", "\uFFFD\uFFFDb", Description = "one bad byte spoils the run")]
    [TestCase("""{"type":"ByteLevel"}""", "æĹ|b", "\uFFFDb", Description = "one for the beginning of a character")]
    [TestCase("""{"type":"ByteLevel"}""", "Ġa|▁", " a▁", Description = "a piece outside the alphabet stands for itself")]
    [TestCase("""{"type":"WordPiece","prefix":"##","cleanup":true}""", "do|##g|,|n't|a", "dog,n't a")]
    [TestCase("""{"type":"WordPiece","prefix":"##","cleanup":false}""", "##a|.", "##a .", Description = "a first piece stays")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "▁▁a|▁b", "a b",
        Description = "none of the first piece's stays")]
    [TestCase("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""", "▁a|▁b", " a b")]
    [TestCase("""{"type":"BPEDecoder","suffix":"</w>"}""", "a|b</w>|c</w>", "ab c")]
    [TestCase("""{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}""", "h|h|<pad>|h", "hh")]
    public void A_decoder(string json, string pieces, string expected) =>
        Assert.That(new JsonDecoder("t", JsonElement.Parse(json)).ToText([.. pieces.Split('|')]), Is.EqualTo(expected));

    [Test]
    public void Bytes_of_no_character_are_kept_where_bytes_are_asked_for()
    {
        Assert.That(new JsonDecoder("t", JsonElement.Parse("""{"type":"ByteFallback"}""")).ToBytes(["a", "<0xE6>", "<0x97>"]),
            Is.EqualTo(new byte[] { (byte)'a', 0xE6, 0x97 }));
        Assert.That(new JsonDecoder("t", JsonElement.Parse("""{"type":"ByteLevel"}""")).ToBytes(["æ", "Ĺ", "😀"]),
            Is.EqualTo(new byte[] { 0xE6, 0x97, 0xF0, 0x9F, 0x98, 0x80 }));
    }

    // The start of a text is known by its place before normalising, so what is stripped from it leaves no start.
    [TestCase("""{"type":"Lowercase"}""", "A", "▁a")]
    [TestCase("""{"type":"Prepend","prepend":"x"}""", "a", "▁xa")]
    [TestCase("""{"type":"Strip","strip_left":true,"strip_right":true}""", " a", "a")]
    [TestCase("""{"type":"Replace","pattern":{"String":"ab"},"content":"X"}""", "abc", "Xc")]
    [TestCase("""{"type":"Replace","pattern":{"String":"a"},"content":"X"}""", "abc", "▁Xbc")]
    [TestCase("""{"type":"Nmt"}""", "\u0001a", "a")]
    public void The_first_word_is_the_one_at_the_start_of_the_text(string normalizer, string text, string expected)
    {
        AlignedText normalized = new JsonNormalizer("t", JsonElement.Parse(normalizer)).Apply(new AlignedText(text.AsMemory(), 1));
        JsonPreTokenizer first = new("t", JsonElement.Parse("""{"type":"Metaspace","prepend_scheme":"first","split":false}"""));
        Assert.That(string.Concat(first.Apply(normalized).Select(word => word.Text.ToString())), Is.EqualTo(expected));
    }

    [Test]
    public void Compiled_rules_replace_graphemes_and_characters()
    {
        // A trie of one rule, a to the text at 0: the root leads to label a, which has a leaf with the value 0.
        uint[] units = new uint[0x200];
        units[0] = 0x100 << 10;
        units[0x100 ^ 'a'] = 'a' | (1 << 8) | (0x80 << 10);
        units[0x100 ^ 'a' ^ 0x80] = 0x80000000;
        byte[] rules = [.. BitConverter.GetBytes(units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. "xy\0"u8];
        JsonNormalizer normalizer =
            new("t", JsonElement.Parse($$"""{"type":"Precompiled","precompiled_charsmap":"{{Convert.ToBase64String(rules)}}"}"""));
        Assert.That(normalizer.Apply("bab"), Is.EqualTo("bxyb"));
        Assert.That(normalizer.Apply("a\u0301b"), Is.EqualTo("xyb"), "of a grapheme the shortest rule that begins it takes the whole");
        Assert.That(normalizer.Apply("a\u0301\u0301\u0301b"), Is.EqualTo("xy\u0301\u0301\u0301b"), "but not of one of six bytes or more");
    }

    // a 0, b 1, ab 2, ? 3 with scores -1, -1, -1.5, -9.
    [TestCase("ab", false, new[] { 2 })]
    [TestCase("aéoab", false, new[] { 0, 3, 2 }, Description = "unknown characters in a row are one")]
    [TestCase("a?éb", false, new[] { 0, 3, 1 }, Description = "the unknown piece's own text too")]
    [TestCase("aé", true, new[] { 0, 4, 5 })]
    [TestCase("aô", true, new[] { 0, 3 }, Description = "a byte without a piece")]
    public void A_unigram_model(string text, bool hasBytes, int[] ids) => Assert.That(Json($$"""
        {"model":{"type":"Unigram","unk_id":3,"byte_fallback":{{(hasBytes ? "true" : "false")}},
         "vocab":[["a",-1],["b",-1],["ab",-1.5],["?",-9],["<0xC3>",-20],["<0xA9>",-20]]} }
        """).Encode(text), Is.EqualTo(ids));

    [TestCase("unable", new[] { 1, 2 })]
    [TestCase("unx", new[] { 0 }, Description = "one bad rest spoils the word")]
    [TestCase("ununun", new[] { 1, 3, 3 })]
    [TestCase("unununun", new[] { 0 }, Description = "too long")]
    public void A_word_piece_model(string text, int[] ids) => Assert.That(Json("""
        {"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":6,
         "vocab":{"[UNK]":0,"un":1,"##able":2,"##un":3}}}
        """).Encode(text), Is.EqualTo(ids));

    [Test]
    public void A_word_level_model_without_an_unknown_token_says_so()
    {
        Tokenizer tokenizer =
            Json("""{"pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","unk_token":"?","vocab":{"a":0,"b":1}}}""");
        Assert.That(tokenizer.Encode("a b a"), Is.EqualTo(new[] { 0, 1, 0 }));
        Assert.That(() => tokenizer.Encode("a c"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("model.unk_token ?"));
    }

    // a 0, ##b 1, ##b</w> 2, c</w> 3, ab</w> 4.
    [TestCase("ab", new[] { 4 })]
    [TestCase("abb", new[] { 0, 1, 2 })]
    [TestCase("c", new[] { 3 })]
    public void A_bpe_model_with_affixes(string text, int[] ids) => Assert.That(Json("""
        {"model":{"type":"BPE","continuing_subword_prefix":"##","end_of_word_suffix":"</w>",
         "vocab":{"a":0,"##b":1,"##b</w>":2,"c</w>":3,"ab</w>":4},"merges":[["a","##b</w>"]]}}
        """).Encode(text), Is.EqualTo(ids));

    [TestCase("""{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}""", new[] { 2 }, new[] { 3 })]
    [TestCase("""{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":true}""", new[] { 0 },
        new[] { 2 })]
    public void A_post_processor(string json, int[] before, int[] after)
    {
        SurroundingTokens tokens = SurroundingTokens.Read("t", JsonElement.Parse(json), _ => null);
        Assert.That((tokens.Before, tokens.After), Is.EqualTo((before, after)));
    }
}
