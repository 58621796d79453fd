using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>The table of docs/tokenizers.md, five folders a row, each worked by hand: what stands around a text.</summary>
internal sealed class BoundaryTokensTests
{
    private const string NoFlags = "", Bos = "\"add_bos_token\":true", NoBos = "\"add_bos_token\":false", Eos = "\"add_eos_token\":true",
        OnlyEos = "\"add_bos_token\":false,\"add_eos_token\":true";

    // A tokenizer.json whose template puts <s> (1) first; </s> is 2.
    [TestCase("LlamaTokenizer", NoFlags, new[] { 1 }, new int[0], null)]
    [TestCase("LlamaTokenizerFast", Bos, new[] { 1 }, new int[0], null)]
    [TestCase("LlamaTokenizerFast", NoBos, new int[0], new int[0], "a text becomes TEXT, as in version 4")]
    [TestCase("LlamaTokenizer", Eos, new[] { 1 }, new[] { 2 }, "a text becomes <s> TEXT </s>, as in version 4")]
    [TestCase("LlamaTokenizer", OnlyEos, new int[0], new[] { 2 }, "version 5 passes over this beside a tokenizer.json")]
    [TestCase("PreTrainedTokenizerFast", NoFlags, new[] { 1 }, new int[0], null)]
    [TestCase("PreTrainedTokenizerFast", Bos, new[] { 1 }, new int[0], null)]
    [TestCase("PreTrainedTokenizerFast", NoBos, new[] { 1 }, new int[0], "passes over this for PreTrainedTokenizerFast")]
    [TestCase("PreTrainedTokenizerFast", Eos, new[] { 1 }, new int[0], "makes a text <s> TEXT")]
    [TestCase("TokenizersBackend", OnlyEos, new[] { 1 }, new int[0], "passes over this")]
    [TestCase("CodeLlamaTokenizer", NoFlags, new[] { 1 }, new int[0], null)]
    [TestCase("CodeLlamaTokenizerFast", Bos, new[] { 1 }, new int[0], null)]
    [TestCase("CodeLlamaTokenizer", NoBos, new int[0], new int[0], null)]
    [TestCase("CodeLlamaTokenizer", Eos, new[] { 1 }, new[] { 2 }, null)]
    [TestCase("CodeLlamaTokenizer", OnlyEos, new int[0], new[] { 2 }, null)]
    [TestCase(null, NoFlags, new[] { 1 }, new int[0], null, Description = "no class: the model is a LLaMA")]
    [TestCase(null, Bos, new[] { 1 }, new int[0], null)]
    [TestCase(null, NoBos, new int[0], new int[0], "version 4")]
    [TestCase(null, Eos, new[] { 1 }, new[] { 2 }, "version 4")]
    [TestCase(null, OnlyEos, new int[0], new[] { 2 }, "version 4")]
    public void Beside_a_template_that_begins_texts(string? type, string flags, int[] before, int[] after, string? remark) =>
        AssertAround("tokenizer.json", TokenizerFixtures.Llama2(), Config(type, flags), before, after, remark);

    [TestCase("LlamaTokenizer", NoFlags, new int[0], new int[0], "version 4 would put <s> before it")]
    [TestCase("LlamaTokenizer", Bos, new[] { 1 }, new int[0], "version 5 passes over this")]
    [TestCase("LlamaTokenizer", NoBos, new int[0], new int[0], null)]
    [TestCase("LlamaTokenizerFast", Eos, new[] { 1 }, new[] { 2 }, "version 5 passes over this")]
    [TestCase("LlamaTokenizerFast", OnlyEos, new int[0], new[] { 2 }, "version 5 passes over this")]
    [TestCase("GPT2Tokenizer", NoFlags, new int[0], new int[0], null)]
    [TestCase("GPT2Tokenizer", Bos, new int[0], new int[0], "passes over this for GPT2Tokenizer")]
    [TestCase("GPT2TokenizerFast", NoBos, new int[0], new int[0], null)]
    [TestCase("GPT2TokenizerFast", Eos, new int[0], new int[0], "passes over this for GPT2Tokenizer")]
    [TestCase("GPT2Tokenizer", OnlyEos, new int[0], new int[0], "passes over this for GPT2Tokenizer")]
    [TestCase("Qwen2Tokenizer", NoFlags, new int[0], new int[0], null)]
    [TestCase("Qwen2TokenizerFast", Bos, new int[0], new int[0], "passes over this for Qwen2Tokenizer")]
    [TestCase("Qwen2Tokenizer", NoBos, new int[0], new int[0], null)]
    [TestCase("Qwen2TokenizerFast", NoBos + ",\"legacy\":false", new int[0], new int[0], null)]
    [TestCase("Qwen2Tokenizer", Eos, new int[0], new int[0], "passes over this for Qwen2Tokenizer")]
    [TestCase("CodeLlamaTokenizer", NoFlags, new[] { 1 }, new int[0], null, Description = "both versions put it there themselves")]
    [TestCase(null, NoFlags, new int[0], new int[0], null)]
    public void Beside_a_file_without_post_processor(string? type, string flags, int[] before, int[] after, string? remark)
    {
        string json = TokenizerFixtures.Llama2();
        int start = json.IndexOf("\"post_processor\"", StringComparison.Ordinal),
            end = json.IndexOf("\"decoder\"", StringComparison.Ordinal);
        AssertAround("tokenizer.json", json[..start] + "\"post_processor\":null," + json[end..], Config(type, flags), before, after,
            remark);
    }

    [TestCase(null, new[] { 1 }, new int[0], Description = "nothing beside the model")]
    [TestCase("{}", new[] { 1 }, new int[0])]
    [TestCase("""{"tokenizer_class":"LlamaTokenizer","add_bos_token":false}""", new int[0], new int[0])]
    [TestCase("""{"tokenizer_class":"LlamaTokenizer","add_bos_token":true,"add_eos_token":true}""", new[] { 1 }, new[] { 2 })]
    [TestCase("""{"add_bos_token":false,"add_eos_token":true}""", new int[0], new[] { 2 })]
    [TestCase("""{"bos_token":null}""", new int[0], new int[0])]
    [TestCase("""{"bos_token":"</s>","eos_token":{"content":"<s>"},"add_eos_token":true}""", new[] { 2 }, new[] { 1 })]
    [TestCase("""{"legacy":true}""", new[] { 1 }, new int[0])]
    [TestCase("""{"legacy":false,"add_bos_token":false}""", new int[0], new int[0])]
    [TestCase("""{"legacy":null,"add_bos_token":null,"add_eos_token":null}""", new[] { 1 }, new int[0])]
    public void Around_the_texts_of_a_SentencePiece_model_alone(string? config, int[] before, int[] after)
    {
        byte[] model = TokenizerFixtures.SentencePiece([("<unk>", 0, SentencePieceType.Unknown), ("<s>", 0, SentencePieceType.Control),
            ("</s>", 0, SentencePieceType.Control), ("▁", -1, SentencePieceType.Normal), ("a", -2, SentencePieceType.Normal)]);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("tokenizer.model"), model);
        if (config is not null) File.WriteAllText(folder.File("tokenizer_config.json"), config);
        Tokenizer tokenizer = Tokenizer.Open(folder.Path);
        Assert.That((tokenizer.Prefix, tokenizer.Suffix), Is.EqualTo((before, after)));
        Assert.That(tokenizer.EncodeText("a"), Is.EqualTo((int[])[.. before, 3, 4, .. after]));
        Assert.That(tokenizer.Remarks, Is.Empty);
    }

    [Test]
    public void A_begin_token_that_a_text_names_is_doubled_as_the_library_does_it()
    {
        Tokenizer tokenizer = TokenizerFixtures.Json(TokenizerFixtures.Llama2());
        Assert.That(tokenizer.EncodeText("<s>ab"), Is.EqualTo(new[] { 1, 1, 264 }));
    }

    [Test]
    public void A_flag_that_is_none_is_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), TokenizerFixtures.Llama2());
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"add_bos_token":"yes"}""");
        Assert.That(() => Tokenizer.Open(folder.Path),
            Throws.TypeOf<InvalidDataException>().With.Message
                .Contains("tokenizer_config.json: add_bos_token is \"yes\"; allowed: true and false"));
    }

    private static string Config(string? type, string flags) =>
        "{" + string.Join(',', new[] { type is null ? "" : $"\"tokenizer_class\":\"{type}\"", flags }.Where(part => part.Length > 0)) + "}";

    private static void AssertAround(string name, string file, string config, int[] before, int[] after, string? remark)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File(name), file);
        File.WriteAllText(folder.File("tokenizer_config.json"), config);
        Tokenizer tokenizer = Tokenizer.Open(folder.Path);
        Assert.That((tokenizer.Prefix, tokenizer.Suffix), Is.EqualTo((before, after)));
        Assert.That(tokenizer.EncodeText("ab"), Is.EqualTo((int[])[.. before, 264, .. after]));
        if (remark is null) Assert.That(tokenizer.Remarks, Is.Empty);
        else Assert.That(tokenizer.Remarks.Single(), Does.Contain(remark));
    }
}
