using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class TokenizerJsonTests
{
    private const string ByteLevel = """
        {"version":"1.0",
         "added_tokens":[
          {"id":7,"content":"<|begin▁of▁text|>","special":true,"normalized":false},
          {"id":8,"content":"<|reserved_special_token_12|>","special":true},
          {"id":10,"content":"  ","special":false}],
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\s+"}},{"type":"ByteLevel"}]},
         "decoder":{"type":"ByteLevel","add_prefix_space":true},
         "model":{"type":"BPE","unk_token":null,"byte_fallback":false,
          "vocab":{"A":0,"Ġthe":1,"ĊĊ":2,"æĹ¥":3,"æ":4,"<0x0A>":5,"▁x":6},"merges":["a b",["c","d"]]}}
        """;

    private const string Metaspace = """
        {"model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"vocab":{"<unk>":0,"<s>":1,"<0x0A>":2,"▁the":3,"Ġ":4},"merges":[]},
         "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
          {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
         "added_tokens":[{"id":1,"content":"<s>","special":true}]}
        """;

    [TestCase(0, "A", "A", TokenKind.Normal)]
    [TestCase(1, "Ġthe", " the", TokenKind.Normal)]
    [TestCase(2, "ĊĊ", "\n\n", TokenKind.Normal)]
    [TestCase(3, "æĹ¥", "日", TokenKind.Normal)]
    [TestCase(5, "<0x0A>", "<0x0A>", TokenKind.Normal, Description = "no fallback in a byte-level vocabulary")]
    [TestCase(6, "▁x", "▁x", TokenKind.Normal, Description = "outside the alphabet, so as it stands")]
    [TestCase(7, "<|begin▁of▁text|>", "<|begin▁of▁text|>", TokenKind.Special)]
    [TestCase(8, "<|reserved_special_token_12|>", "<|reserved_special_token_12|>", TokenKind.Unused)]
    [TestCase(9, "", "", TokenKind.Unused, Description = "an id left out")]
    [TestCase(10, "  ", "  ", TokenKind.Normal)]
    public void Byte_level_pieces_are_read_through_the_alphabet(int id, string piece, string text, TokenKind kind)
    {
        TokenizerJson tokenizer = Parse(ByteLevel);
        Assert.That((tokenizer.Piece(id), tokenizer.Kind(id)), Is.EqualTo((piece, kind)));
        Assert.That(Encoding.UTF8.GetString(tokenizer.Bytes(id)), Is.EqualTo(text));
        Assert.That((tokenizer.Count, tokenizer.IsByteLevel, tokenizer.ModelType), Is.EqualTo((11, true, "BPE")));
    }

    [Test]
    public void A_byte_that_is_no_character_is_a_byte()
    {
        TokenizerJson tokenizer = Parse(ByteLevel);
        Assert.That(tokenizer.Bytes(4), Is.EqualTo(new byte[] { 0xE6 }));
        Assert.That(tokenizer.Kind(4), Is.EqualTo(TokenKind.Byte));
    }

    [Test]
    public void The_alphabet_has_one_character_for_each_byte()
    {
        HashSet<int> bytes = [];
        for (int character = 0; character <= char.MaxValue; character++)
            if (ByteAlphabet.TryDecode(((char)character).ToString(), out byte[]? decoded))
                Assert.That(bytes.Add(decoded.Single()), Is.True, $"U+{character:X4}");
        Assert.That(bytes, Has.Count.EqualTo(256));
        Assert.That(ByteAlphabet.TryDecode("ĀġĢŁłŃ", out byte[]? ends), Is.True);
        Assert.That(ends, Is.EqualTo(new byte[] { 0x00, 0x7F, 0x80, 0x9F, 0xA0, 0xAD }));
    }

    [TestCase(0, "<unk>", TokenKind.Special)]
    [TestCase(1, "<s>", TokenKind.Special)]
    [TestCase(2, "\n", TokenKind.Byte)]
    [TestCase(3, " the", TokenKind.Normal)]
    [TestCase(4, "Ġ", TokenKind.Normal)]
    public void Metaspace_pieces_have_spaces_and_fallback_bytes(int id, string text, TokenKind kind)
    {
        TokenizerJson tokenizer = Parse(Metaspace);
        Assert.That((Encoding.UTF8.GetString(tokenizer.Bytes(id)), tokenizer.Kind(id)), Is.EqualTo((text, kind)));
        Assert.That(tokenizer.IsByteLevel, Is.False);
    }

    [TestCase("""{"type":"ByteLevel"}""", """{"type":"Metaspace"}""", " x▁")]
    [TestCase("null", """{"type":"ByteLevel"}""", " x▁")]
    [TestCase("""{"type":"Sequence","decoders":[{"type":"Fuse"}]}""", """{"type":"ByteLevel"}""", " x▁")]
    [TestCase("""{"type":"Metaspace","replacement":"▁"}""", """{"type":"ByteLevel"}""", "Ġx ")]
    [TestCase("null", """{"type":"Metaspace","replacement":"x"}""", "Ġ ▁")]
    [TestCase("""{"type":"BPEDecoder","suffix":"▁"}""", "null", "Ġx ")]
    [TestCase("null", "null", "Ġx▁")]
    [TestCase("null", """{"type":"Whitespace"}""", "Ġx▁")]
    public void The_decoder_section_decides_and_the_pre_tokenizer_where_it_is_silent(string decoder, string preTokenizer, string expected)
    {
        // In a byte-level vocabulary a piece with a foreign character stands for itself, so two pieces tell the forms apart.
        TokenizerJson tokenizer = Parse($$$"""
            {"decoder":{{{decoder}}},"pre_tokenizer":{{{preTokenizer}}},"model":{"vocab":{"Ġx":0,"▁":1,"Ġx▁":2} } }
            """);
        string text = tokenizer.IsByteLevel
            ? Encoding.UTF8.GetString([.. tokenizer.Bytes(0), .. tokenizer.Bytes(1)])
            : Encoding.UTF8.GetString(tokenizer.Bytes(2));
        Assert.That(text, Is.EqualTo(expected));
    }

    [Test]
    public void A_unigram_vocabulary_is_numbered_by_place()
    {
        TokenizerJson tokenizer = Parse("""
            {"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["▁a",-1.5],["b",-2]]},"decoder":{"type":"Metaspace"}}
            """);
        Assert.That(Enumerable.Range(0, tokenizer.Count).Select(id => Encoding.UTF8.GetString(tokenizer.Bytes(id))),
            Is.EqualTo(new[] { "<unk>", " a", "b" }));
        Assert.That(tokenizer.Kind(0), Is.EqualTo(TokenKind.Special));
    }

    [Test]
    public void A_word_piece_vocabulary_tells_word_starts_from_continuations()
    {
        TokenizerJson tokenizer = Parse("""
            {"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"[unused12]":1,"ing":2,"##ing":3}},
             "decoder":{"type":"WordPiece","prefix":"##"}}
            """);
        Assert.That(Enumerable.Range(0, tokenizer.Count).Select(id => Encoding.UTF8.GetString(tokenizer.Bytes(id))),
            Is.EqualTo(new[] { "[UNK]", "[unused12]", " ing", "ing" }));
        Assert.That(Enumerable.Range(0, tokenizer.Count).Select(tokenizer.Kind),
            Is.EqualTo(new[] { TokenKind.Special, TokenKind.Unused, TokenKind.Normal, TokenKind.Normal }));
    }

    [Test]
    public void An_added_token_takes_the_place_of_a_vocabulary_entry()
    {
        TokenizerJson tokenizer = Parse("""{"added_tokens":[{"id":0,"content":"<pad>","special":true}],"model":{"vocab":{"x":0}}}""");
        Assert.That((tokenizer.Piece(0), tokenizer.Kind(0)), Is.EqualTo(("<pad>", TokenKind.Special)));
        Assert.That(tokenizer.AddedTokens, Is.EqualTo(new[] { new AddedToken(0, "<pad>", true) }));
    }

    [Test]
    public void A_byte_order_mark_is_passed_over() =>
        Assert.That(TokenizerJson.Parse("t", [0xEF, 0xBB, 0xBF, .. """{"model":{"vocab":{"x":0}}}"""u8]).Piece(0), Is.EqualTo("x"));

    [TestCase("", "byte 0:")]
    [TestCase("[]", "byte 0:", "the file is StartArray and must be StartObject")]
    [TestCase("{}", "no model.vocab")]
    [TestCase("""{"model":{"vocab":{}}}""", "no model.vocab")]
    [TestCase("""{"model":3}""", "byte 9:", "model is Number")]
    [TestCase("""{"model":{"vocab":{"x":"0"}}}""", "byte 23:", "an id is String")]
    [TestCase("""{"model":{"vocab":{"x":-1}}}""", "byte 23:", "id -1, 0 to 4194303 are allowed")]
    [TestCase("""{"model":{"vocab":{"x":2147483647}}}""", "id 2147483647")]
    [TestCase("""{"model":{"vocab":{"x":1e99}}}""", "id 1e99")]
    [TestCase("""{"model":{"vocab":{"x":0,"\u202ey":0}}}""", @"id 0 is both x and \u{202E}y")]
    [TestCase("""{"model":{"vocab":{"\ud800":0}}}""", "byte ")]
    [TestCase("""{"model":{"vocab":[["a"],3]}}""", "model.vocab[1] is Number")]
    [TestCase("""{"model":{"vocab":[[]]}}""", "model.vocab[0][0] is EndArray")]
    [TestCase("""{"model":{"vocab":{"x":0},"type":3}}""", "byte ")]
    [TestCase("""{"added_tokens":[{"content":"x"}],"model":{"vocab":{"x":0}}}""", "added_tokens[0] lacks")]
    [TestCase("""{"model":{"vocab":{"x":0}}} x""", "byte 28:")]
    public void A_damaged_file_is_refused_with_file_and_byte(string json, params string[] parts)
    {
        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => Parse(json))!;
        Assert.That(fault.Message, Does.Match("^folder/tokenizer.json: byte [0-9]+: "));
        foreach (string part in parts) Assert.That(fault.Message, Does.Contain(part));
    }

    private static TokenizerJson Read(string path, byte[] bytes) => TokenizerJson.Parse(path, bytes, readsMerges: true);

    [TestCaseSource(nameof(Files))]
    public void Every_prefix_of_a_file_is_refused(string json)
    {
        byte[] file = Encoding.UTF8.GetBytes(json);
        Assert.That(DamagedTokenizers.ReadPrefixes(file, Read).Keys, Is.EqualTo(new[] { file.Length }));
    }

    [TestCaseSource(nameof(Files))]
    public void Changed_bytes_never_give_another_exception(string json) =>
        Assert.That(DamagedTokenizers.ReadMutations(Encoding.UTF8.GetBytes(json), 20_000, Read), Is.InRange(1, 19_999));

    [Test]
    public void A_vocabulary_of_128_thousand_pieces_is_read_whole()
    {
        StringBuilder json = new("""{"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{""");
        const int Count = 128_000;
        for (int id = 0; id < Count; id++) json.Append($"{(id > 0 ? "," : "")}\"Ġ{id}\":{id}");
        json.Append("},\"merges\":[");
        for (int id = 0; id < Count; id++) json.Append($"{(id > 0 ? "," : "")}\"Ġ {id}\"");
        byte[] file = Encoding.UTF8.GetBytes(json.Append("]}}").ToString());

        long start = TimeProvider.System.GetTimestamp();
        TokenizerJson tokenizer = TokenizerJson.Parse("t", file);
        TestContext.Out.WriteLine($"{file.Length} bytes in {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:F0} ms");

        Assert.That(tokenizer.Count, Is.EqualTo(Count));
        Assert.That(Encoding.UTF8.GetString(tokenizer.Bytes(Count - 1)), Is.EqualTo(" 127999"));
    }

    private static TestCaseData[] Files() =>
        [new TestCaseData(ByteLevel).SetArgDisplayNames("byte-level"), new TestCaseData(Metaspace).SetArgDisplayNames("metaspace")];

    private static TokenizerJson Parse(string json) => TokenizerJson.Parse("folder/tokenizer.json", Encoding.UTF8.GetBytes(json));
}
