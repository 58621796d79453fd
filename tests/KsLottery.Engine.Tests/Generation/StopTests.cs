using System.Text;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tests.Text.Tokens;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Generation;

internal sealed class StopTests
{
    private static readonly Tokenizer Tokenizer = TokenizerFixtures.Json(TokenizerFixtures.Llama2());

    private static LlamaConfig Config => TinyModels.Config() with { VocabularySize = 270 };

    [TestCase("""{"eos_token_id":[2,100]}""", "[9,4]", new[] { 2, 100 }, "generation_config.json")]
    [TestCase("""{"eos_token_id":7}""", "9", new[] { 7 }, "generation_config.json")]
    [TestCase("""{"eos_token_id":null}""", "[9,4]", new[] { 4, 9 }, "config.json")]
    [TestCase("{}", "9", new[] { 9 }, "config.json")]
    [TestCase(null, "9", new[] { 9 }, "config.json")]
    [TestCase("""{"eos_token_id":[]}""", "null", new[] { 2 }, "tokenizer.json")]
    [TestCase(null, "null", new[] { 2 }, "tokenizer.json")]
    [TestCase("""{"eos_token_id":270}""", "9", new[] { 9 }, "config.json", Description = "no row of the model")]
    public void The_first_file_that_names_an_end_token_decides(string? generation, string config, int[] ids, string source)
    {
        using TemporaryFolder folder = new();
        using (FileStream stream = File.Create(folder.File("config.json"))) (Config with { EosTokenIds = [] }).WriteTo(stream,
            ElementType.F32);
        string text = File.ReadAllText(folder.File("config.json"));
        File.WriteAllText(folder.File("config.json"),
            text.Replace("\"model_type\"", $"\"eos_token_id\": {config}, \"model_type\"", StringComparison.Ordinal));
        if (generation is not null) File.WriteAllText(folder.File("generation_config.json"), generation);
        StopTokens stops = StopTokens.Of(LlamaConfig.Load(folder.Path), Tokenizer);
        Assert.That(stops.Ids, Is.EqualTo(ids));
        Assert.That((stops.Source, stops.Texts), Is.EqualTo((source, (StopTexts?)null)));
    }

    [TestCase("""{"eos_token_id":[999,-1,7]}""", "9", new[] { "generation_config.json 999", "generation_config.json -1" })]
    [TestCase("""{"eos_token_id":999}""", "[270,9]", new[] { "config.json 270", "generation_config.json 999" })]
    [TestCase("""{"eos_token_id":[0,269]}""", "[0,269]", new string[0])]
    [TestCase(null, "-1", new[] { "config.json -1" })]
    public void An_end_token_that_the_model_lacks_is_remarked_on(string? generation, string config, string[] expected)
    {
        using TemporaryFolder folder = new();
        using (FileStream stream = File.Create(folder.File("config.json"))) (Config with { EosTokenIds = [] }).WriteTo(stream,
            ElementType.F32);
        string text = File.ReadAllText(folder.File("config.json"));
        File.WriteAllText(folder.File("config.json"),
            text.Replace("\"model_type\"", $"\"eos_token_id\": {config}, \"model_type\"", StringComparison.Ordinal));
        if (generation is not null) File.WriteAllText(folder.File("generation_config.json"), generation);
        IReadOnlyList<string> notes = LlamaConfig.Load(folder.Path).Notes;
        Assert.That(notes, Has.Count.EqualTo(expected.Length));
        foreach ((string note, string[] words) in notes.Zip(expected.Select(named => named.Split(' '))))
            Assert.That(note, Does.StartWith($"{folder.File(words[0])}: eos_token_id {words[1]} is none of the model's tokens, 0 to 269,"));
    }

    [TestCase("""{"eos_token_id":"</s>"}""", "eos_token_id must be a token id or a list of them")]
    [TestCase("[]", "the file must hold a JSON object")]
    [TestCase("{", "not JSON")]
    public void A_damaged_file_is_named(string content, string what)
    {
        using TemporaryFolder folder = new();
        using (FileStream stream = File.Create(folder.File("config.json"))) Config.WriteTo(stream, ElementType.F32);
        File.WriteAllText(folder.File("generation_config.json"), content);
        Assert.That(() => LlamaConfig.Load(folder.Path), Throws.Exception.With.Message.Contains("generation_config.json").And.Message
            .Contains(what));
    }

    [Test]
    public void Others_are_added_and_the_name_of_a_token_stands_for_it()
    {
        StopTokens stops = StopTokens.Of(Config with { EosTokenIds = [9, 4] }, Tokenizer, [1, 9], ["</s>", "abc"]);
        Assert.That(stops.Ids, Is.EqualTo(new[] { 1, 2, 4, 9 }));
        Assert.That(stops.Texts!.Texts, Is.EqualTo(new[] { "</s>", "abc" }));
        Assert.That(() => StopTokens.Of(Config, Tokenizer, [270]), Throws.ArgumentException.With.Message.Contains("0 to 269"));
        Assert.That(() => StopTokens.Of(Config, Tokenizer, [], [""]), Throws.ArgumentException);
    }

    [Test]
    public void A_text_stops_where_it_occurs_however_its_tokens_are_cut([Values(1, 3)] int beams)
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            GenerationOptions options = new() { MaxNewTokens = 30, Beams = beams };
            string Text(GenerationOptions how, out Generated result)
            {
                result = Generator.Generate(new HashDecoder(270, beams, seed: seed), [[1, 264]], how)[0];
                byte[] written = Tokenizer.DecodeContinuation([1, 264], result.Tokens);
                return Encoding.Latin1.GetString(how.StopTexts is { } stops ? stops.Cut(written) : written);
            }

            string free = Text(options, out Generated whole);
            byte[] bytes = Tokenizer.DecodeContinuation([1, 264], whole.Tokens);
            int at = Enumerable.Range(3, bytes.Length - 5).FirstOrDefault(i => bytes[i] < 0x80 && bytes[i + 1] < 0x80, -1);
            if (at < 0) continue;
            string stop = Encoding.ASCII.GetString(bytes, at, 2);
            string cut = Text(options with { StopTexts = new StopTexts(Tokenizer, [stop]) }, out Generated stopped);
            Assert.That(cut, Does.Not.Contain(stop));
            if (beams > 1) continue;
            Assert.That(cut, Is.EqualTo(free[..free.IndexOf(stop, StringComparison.Ordinal)]));
            Assert.That(stopped.StoppedAtEos, Is.True);
            Assert.That(whole.Tokens.AsSpan().StartsWith(stopped.Tokens), Is.True);
        }
    }

    [Test]
    public void The_first_of_several_texts_cuts()
    {
        StopTexts stops = new(Tokenizer, ["cd", "bc"]);
        Assert.That(Encoding.ASCII.GetString(stops.Cut("abcd"u8)), Is.EqualTo("a"));
        Assert.That(Encoding.ASCII.GetString(stops.Cut("abd"u8)), Is.EqualTo("abd"));
    }
}
