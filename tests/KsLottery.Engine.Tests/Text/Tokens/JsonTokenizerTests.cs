using System.Text;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;
using static KsLottery.Engine.Tests.Text.Tokens.TokenizerFixtures;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class JsonTokenizerTests
{
    // ▁ 259, a 260, b 261, c 262, ab 263 first, bc 265 second, ▁ab 264 third; byte b is b + 3.
    [TestCase("abc", new[] { 264, 262 }, Description = "ab before bc, then ▁ab")]
    [TestCase("bc", new[] { 259, 265 })]
    [TestCase("a ab", new[] { 259, 260, 264 })]
    [TestCase("é", new[] { 259, 198, 172 }, Description = "no piece, so the bytes C3 A9")]
    [TestCase("<s>ab", new[] { 1, 264 }, Description = "▁ is put before every part between added tokens")]
    [TestCase("ab <s> ab", new[] { 264, 259, 1, 259, 264 })]
    [TestCase("ab  <mask> ab", new[] { 264, 266, 259, 264 }, Description = "lstrip")]
    [TestCase("ab <sep>  ab", new[] { 264, 259, 267, 264 }, Description = "rstrip")]
    [TestCase("<sep> <mask>", new[] { 267, 266 }, Description = "a space is taken once")]
    [TestCase("xx", new[] { 268 }, Description = "normalised, so looked for as ▁xx")]
    [TestCase("abxx", new[] { 264, 123, 123 })]
    [TestCase("cc a cca", new[] { 269, 259, 259, 260, 259, 262, 262, 260 }, Description = "single_word")]
    [TestCase("", new int[0])]
    [TestCase("  ", new[] { 259, 259, 259 })]
    public void Llama_2_style(string text, int[] ids)
    {
        Assert.That(Json(Llama2()).Encode(text), Is.EqualTo(ids));
        Assert.That(Json(Llama2("""[["a","b"],["b","c"],["▁","ab"]]""")).Encode(text), Is.EqualTo(ids), "the other spelling of merges");
    }

    // Byte b is b; he 256 first, ll 260, llo 257, Ġh 259, Ġhe 261, 34 262, ĊĊ 263, ĠĠ 264, Ģa 265; hello 258 has no merge.
    [TestCase("hello", new[] { 258 }, Description = "ignore_merges")]
    [TestCase(" hello", new[] { 261, 257 })]
    [TestCase("hellohello", new[] { 256, 257, 256, 257 })]
    [TestCase("34", new[] { 262 })]
    [TestCase("1234", new int[] { '1', '2', '3', '4' }, Description = "digits by three")]
    [TestCase("x  y", new int[] { 'x', ' ', ' ', 'y' }, Description = "the last space goes with the word")]
    [TestCase("x   y", new[] { 'x', 264, ' ', 'y' })]
    [TestCase("a\n\n b", new[] { 'a', 263, ' ', 'b' })]
    [TestCase("he'S he", new[] { 256, '\'', 'S', 261 })]
    [TestCase("😀abc", new[] { 0xF0, 0x9F, 0x98, 265, 'b', 'c' }, Description = "one symbol may start a word, in the second plane too")]
    [TestCase("<|begin_of_text|>he", new[] { 268, 256 })]
    [TestCase("", new int[0])]
    public void Llama_3_style(string text, int[] ids) => Assert.That(Json(Llama3()).Encode(text), Is.EqualTo(ids));

    [Test]
    public void Begin_and_end_come_from_the_template_the_config_or_their_names()
    {
        Tokenizer second = Json(Llama2());
        Assert.That((second.BosId, second.EosId, second.UnknownId, second.PadId), Is.EqualTo((1, 2, 0, (int?)null)));
        Tokenizer third = Json(Llama3());
        Assert.That((third.BosId, third.EosId), Is.EqualTo((268, 269)));
        Assert.That(third.Encode("he", addBos: true, addEos: true), Is.EqualTo(new[] { 268, 256, 269 }));
        Assert.That(third.Decode([268, 258, 261, 269, 300]), Is.EqualTo("hello he"));

        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), Llama2());
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"eos_token":{"content":"<sep>"},"pad_token":"</s>"}""");
        Tokenizer found = Tokenizer.FindBeside(folder.File("model.safetensors"))!;
        Assert.That((found.BosId, found.EosId, found.PadId), Is.EqualTo((1, 267, 2)));
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"eos_token":"<none>"}""");
        Assert.That(Tokenizer.Open(folder.Path).EosId, Is.EqualTo(270), "the library adds what the files lack");
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"eos_token":null}""");
        Assert.That(() => Tokenizer.Open(folder.Path).Encode("a", addEos: true),
            Throws.InvalidOperationException.With.Message.Contains("has no end token"));
        File.WriteAllText(folder.File("tokenizer_config.json"), "{");
        Assert.That(() => Tokenizer.Open(folder.Path), Throws.TypeOf<InvalidDataException>()
            .With.Message.Contains("config.json: invalid JSON in line 1"));
    }

    [Test]
    public void Decoding_gives_every_text_back()
    {
        Tokenizer second = Json(Llama2());
        Tokenizer third = Json(Llama3());
        foreach (string text in RandomTexts(3_000))
        {
            Assert.That(second.Decode(second.Encode(text)), Is.EqualTo(text.Replace('▁', ' ')), VisibleText.Escape(text));
            Assert.That(third.Decode(third.Encode(text)), Is.EqualTo(text), VisibleText.Escape(text));
        }
    }

    [TestCase("""{"type":"ByteLevel","add_prefix_space":true}""", "he he", new[] { 261, 261 })]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":false}""", "he  he", new[] { 256, ' ', 261 })]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", "he  he", new[] { 256, ' ', 261 })]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", "a   a", new[] { 'a', 264, ' ', 'a' })]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":false}""", "1234", new[] { '1', '2', 262 })]
    public void The_byte_level_step_cuts_by_its_own_pattern_when_asked_to(string preTokenizer, string text, int[] ids) =>
        Assert.That(Json(Small(preTokenizer)).Encode(text), Is.EqualTo(ids));

    [TestCase("Isolated", false, "h,e", new int[] { 'h', ',', 'e' })]
    [TestCase("Removed", false, "h,e", new int[] { 'h', 'e' })]
    [TestCase("Removed", true, "h,e", new int[] { ',' })]
    [TestCase("Isolated", false, "he", new[] { 256 })]
    public void A_split_step_keeps_or_drops_its_matches(string behavior, bool invert, string text, int[] ids) =>
        Assert.That(Json(Small($$$"""
            {"type":"Split","pattern":{"String":","},"behavior":"{{{behavior}}}","invert":{{{(invert ? "true" : "false")}}}}
            """)).Encode(text), Is.EqualTo(ids));

    [TestCase("""{"type":"Metaspace"}""", "ab ab<s>ab", new[] { 264, 264, 1, 264 })]
    [TestCase("""{"type":"Metaspace","prepend_scheme":"first","split":false}""", "ab ab<s>ab", new[] { 264, 264, 1, 263 })]
    [TestCase("""{"type":"Metaspace","prepend_scheme":"never"}""", "ab  ab", new[] { 263, 259, 264 })]
    [TestCase("""{"type":"Metaspace","add_prefix_space":false}""", "ab ab", new[] { 263, 264 })]
    [TestCase("""{"type":"Metaspace"}""", " ab", new[] { 264 }, Description = "no second ▁")]
    public void The_metaspace_step_puts_its_character_first(string preTokenizer, string text, int[] ids)
    {
        string json = Llama2().Replace("\"pre_tokenizer\":null", "\"pre_tokenizer\":" + preTokenizer, StringComparison.Ordinal)
            .Replace("\"Prepend\",\"prepend\":\"▁\"", "\"Prepend\",\"prepend\":\"\"", StringComparison.Ordinal);
        Assert.That(Json(json).Encode(text), Is.EqualTo(ids));
    }

    [TestCase(true, new[] { 1, 0, 1 })]
    [TestCase(false, new[] { 1, 0, 0, 1 })]
    public void Unknown_characters_are_fused_when_asked_to(bool fuses, int[] ids) => Assert.That(Json($$$"""
        {"model":{"type":"BPE","unk_token":"?","fuse_unk":{{{(fuses ? "true" : "false")}}},"vocab":{"?":0,"a":1},"merges":[]} }
        """).Encode("aéoa"), Is.EqualTo(ids));

    [Test]
    public void A_pattern_sees_code_points()
    {
        const string Text = "𝐀b 𝟏😀😀c";
        SplitPattern pattern = SplitPattern.From(@"\p{N}|[^\r\n\p{L}\p{N}]?\p{L}+|\s|.");
        Assert.That(pattern.Split(Text).Select(part => Text.Substring(part.Start, part.Length)),
            Is.EqualTo(new[] { "𝐀b", " ", "𝟏", "😀", "😀c" }));
    }

    [TestCase("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "model.vocab (no␣list)")]
    [TestCase("\"type\":\"BPE\"", "\"type\":\"Bigram\"", "model.type Bigram")]
    [TestCase("\"dropout\":null", "\"dropout\":0.1", "model.dropout 0.1")]
    [TestCase("\"fuse_unk\":true", "\"fuse_unk\":\"true\"", "model.fuse_unk \"true\"")]
    [TestCase("\"merges\"", "\"merge\"", "model.merges (none)")]
    [TestCase("{\"added_tokens\"", "{\"version\":\"2.0\",\"added_tokens\"", "version \"2.0\"")]
    [TestCase("{\"id\":269,", "{\"id\":270,", "added_tokens[6].id 270")]
    [TestCase("{\"type\":\"Prepend\",", "{\"type\":\"NFX\",", "normalizer[0].type NFX")]
    [TestCase("{\"type\":\"Prepend\",\"prepend\":\"▁\"}", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}",
        "normalizer[0].precompiled_charsmap AAAA")]
    [TestCase("\"pattern\":{\"String\":\" \"}", "\"pattern\":{\"Regex\":\"(?<=a\"}", "normalizer[1].pattern (?<=a")]
    [TestCase("\"pattern\":{\"String\":\" \"}", "\"pattern\":\" \"", "normalizer[1].pattern \"␣\"")]
    [TestCase("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}", "pre_tokenizer.type UnicodeScripts")]
    [TestCase("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Merged\"}", "pre_tokenizer.behavior Merged")]
    [TestCase("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\"}", "pre_tokenizer.pattern (none)")]
    [TestCase("\"pre_tokenizer\":null",
        "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"prepend_scheme\":\"first\",\"add_prefix_space\":false}",
        "pre_tokenizer.prepend_scheme first")]
    [TestCase("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"ab\"}",
        "pre_tokenizer.delimiter \"ab\"")]
    [TestCase("\"type\":\"TemplateProcessing\"", "\"type\":\"BertProcessing\"", "post_processor.cls (none)")]
    [TestCase("\"type\":\"TemplateProcessing\"", "\"type\":\"Template\"", "post_processor.type Template")]
    [TestCase("{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}}", "{\"SpecialToken\":{\"id\":\"<q>\"}}", "post_processor.single ")]
    [TestCase("{\"type\":\"Fuse\"}", "{\"type\":\"Glue\"}", "decoder[2].type Glue")]
    public void What_is_not_supported_is_refused_by_name(string found, string replacement, string setting)
    {
        string json = Llama2();
        Assert.That(json, Does.Contain(found));
        Assert.That(() => Json(json.Replace(found, replacement, StringComparison.Ordinal)), Throws.TypeOf<InvalidDataException>()
            .With.Message.StartsWith($"folder/tokenizer.json: {setting}").And.Message.Contains("is not supported when encoding"));
    }

    [TestCase("""["a"]""", "model.merges[0] is no pair")]
    [TestCase("""["a b", "a  b"]""", "model.merges[1] is no pair")]
    [TestCase("""[["a","b","c"]]""", "model.merges[0] is no pair")]
    [TestCase("""[["a",3]]""", "model.merges[0] is no pair")]
    [TestCase("""[3]""", "model.merges[0] is no pair")]
    [TestCase("""["a c"]""", "model.merges[0] needs the piece ac")]
    [TestCase("""["a \ud800"]""", "Fetch the file again")]
    public void Damaged_merges_are_refused_with_file_and_byte(string merges, string what) => Assert.That(() => Json(Llama2(merges)),
        Throws.TypeOf<InvalidDataException>().With.Message.Matches("^folder/tokenizer.json: byte [0-9]{4,}: ").And.Message.Contains(what));

    [Test]
    public void Changed_bytes_never_give_another_exception()
    {
        Random random = new(13);
        int opened = 0;
        foreach (string json in (string[])[Llama2(), Llama3()])
        {
            byte[] file = Encoding.UTF8.GetBytes(json);
            // The vocabularies are long and have tests of their own: change what is around them.
            int[] places = [.. Enumerable.Range(0, file.Length).Where(i => i < json.IndexOf("\"vocab\"", StringComparison.Ordinal)
                || i > file.Length - 200)];
            for (int time = 0; time < 2_000; time++)
            {
                byte[] damaged = [.. file];
                damaged[places[random.Next(places.Length)]] = (byte)random.Next(256);
                try
                {
                    Tokenizer tokenizer = Tokenizer.Parse("damaged", [.. damaged]);
                    _ = tokenizer.Decode(tokenizer.Encode("a <s>ab hello xx 1234"));
                    opened++;
                }
                catch (InvalidDataException fault)
                {
                    Assert.That(fault.Message, Does.StartWith("damaged: "));
                }
            }
        }
        Assert.That(opened, Is.InRange(1, 3_999));
    }

    private static string Small(string preTokenizer) => $$$"""
        {"pre_tokenizer":{{{preTokenizer}}},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{{{{AlphabetVocabulary}}},
         "he":256,"Ġhe":261,"34":262,"Ġ":32,"ĠĠ":264},"merges":["#version: 0.2","h e","Ġ he","3 4","Ġ Ġ"]}}
        """;
}
