using System.Text;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>Tokens that only the files beside a tokenizer name.</summary>
internal sealed class AddedNamesTests
{
    private static byte[] Model => TokenizerFixtures.SentencePiece([("<unk>", 0, SentencePieceType.Unknown),
        ("<s>", 0, SentencePieceType.Control), ("</s>", 0, SentencePieceType.Control), ("▁", -1, SentencePieceType.Normal),
        ("a", -2, SentencePieceType.Normal), ("b", -3, SentencePieceType.Normal), ("▁a", -4, SentencePieceType.Normal)]);

    [TestCase("added_tokens.json", """{"[PAD]":7}""", TokenKind.Normal, Description = "nothing calls it special")]
    [TestCase("special_tokens_map.json", """{"pad_token":"[PAD]"}""", TokenKind.Special, Description = "the next id")]
    [TestCase("special_tokens_map.json", """{"pad_token":{"content":"[PAD]","lstrip":false}}""", TokenKind.Special)]
    [TestCase("tokenizer_config.json", """{"pad_token":"[PAD]"}""", TokenKind.Special)]
    [TestCase("tokenizer_config.json", """{"added_tokens_decoder":{"7":{"content":"[PAD]","special":true}}}""", TokenKind.Special)]
    [TestCase("tokenizer_config.json", """{"added_tokens_decoder":{"7":{"content":"[PAD]","special":false}}}""", TokenKind.Normal)]
    [TestCase("tokenizer_config.json", """{"additional_special_tokens":["[PAD]"]}""", TokenKind.Special)]
    public void A_row_has_the_name_and_the_kind_that_a_file_gives_it(string file, string content, TokenKind kind)
    {
        using TemporaryFolder folder = Folder((file, content));
        TokenTable table = TokenTable.FindBeside(folder.Path)!;
        Assert.That((table.Count, table.Piece(7), table.Visible(7), table.Kind(7)), Is.EqualTo((8, "[PAD]", "[PAD]", kind)));
        Assert.That((table.Piece(6), table.Kind(8)), Is.EqualTo(("▁a", TokenKind.Padded)));
    }

    [Test]
    public void Ids_that_are_left_out_are_unused_and_placeholders_are_renamed()
    {
        using TemporaryFolder folder = Folder(("tokenizer_config.json",
            """{"added_tokens_decoder":{"5":{"content":"<|im_start|>","special":true},"9":{"content":"<|im_end|>","special":true}}}"""),
            ("added_tokens.json", """{"never read":7}"""));
        TokenTable table = TokenTable.FindBeside(folder.Path)!;
        Assert.That(Enumerable.Range(4, 6).Select(table.Piece), Is.EqualTo(new[] { "a", "<|im_start|>", "▁a", "", "", "<|im_end|>" }));
        Assert.That(Enumerable.Range(4, 6).Select(table.Kind), Is.EqualTo(new[]
            { TokenKind.Normal, TokenKind.Special, TokenKind.Normal, TokenKind.Unused, TokenKind.Unused, TokenKind.Special }));
    }

    // ▁a 6, a 4, ▁ 3, <|x|> 7: between added tokens a part begins without a space, unless "legacy" is set.
    [TestCase("{}", new[] { 6, 7, 4 })]
    [TestCase("""{"legacy":true}""", new[] { 6, 7, 6 })]
    public void They_are_found_in_a_text_and_given_back(string config, int[] ids)
    {
        using TemporaryFolder folder = Folder(("added_tokens.json", """{"<|x|>":7}"""), ("tokenizer_config.json", config));
        Tokenizer tokenizer = Tokenizer.Open(folder.Path);
        Assert.That(tokenizer.Encode("a<|x|>a"), Is.EqualTo(ids));
        Assert.That(tokenizer.Decode([6, 7, 4]), Is.EqualTo("a<|x|>a"));
    }

    [Test]
    public void A_padding_token_that_the_files_lack_blocks_nothing()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), TokenizerFixtures.Llama2());
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"pad_token":"<|finetune_right_pad_id|>"}""");
        Tokenizer tokenizer = Tokenizer.Open(folder.Path);
        Assert.That((tokenizer.PadId, tokenizer.Count), Is.EqualTo((270, 271)), "the next id, as the library adds it");
        Assert.That(tokenizer.EncodeText("ab"), Is.EqualTo(new[] { 1, 264 }));
    }

    [TestCase("tokenizer_config.json", """{"added_tokens_decoder":{"x":{"content":"a"}}}""", "the id x")]
    [TestCase("tokenizer_config.json", """{"added_tokens_decoder":{"7":{}}}""", "added_tokens_decoder.7 has no content")]
    [TestCase("added_tokens.json", """{"a":-1}""", "the id -1")]
    [TestCase("added_tokens.json", "[]", "no JSON object")]
    [TestCase("tokenizer_config.json", """{"pad_token":"\ud800"}""", "not Unicode")]
    [TestCase("added_tokens.json", """{"\ud800":7}""", "not Unicode")]
    [TestCase("special_tokens_map.json", """{"pad_token":3}""", "pad_token is 3")]
    public void What_cannot_be_is_refused_with_its_place(string file, string content, string what)
    {
        using TemporaryFolder folder = Folder((file, content));
        Assert.That(() => TokenTable.FindBeside(folder.Path),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(file).And.Message.Contains(what));
    }

    private static TemporaryFolder Folder(params (string Name, string Content)[] files)
    {
        TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("tokenizer.model"), Model);
        foreach ((string name, string content) in files) File.WriteAllBytes(folder.File(name),
            [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(content)]);
        return folder;
    }
}
