using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class GenerateTests
{
    private static string Tokenizer => SharedData.Path("tokenizers", "tok512", "tok512.model");

    private static string Model => SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");

    [Test]
    public void A_converted_model_tells_its_published_story()
    {
        using TemporaryFolder folder = new();
        string published = File.ReadAllText(SharedData.Path("models", "stories260K", "stories260K.md"))
            .Split("-t 0.0\n")[1].Split("\n```")[0];
        Assert.That(KsLotteryTool.Run("convert", SharedData.Path("models", "stories260K", "stories260K_v0.bin"), "--out",
            folder.File("model"),
            "--tokenizer", Tokenizer, "--quiet").ExitCode, Is.Zero);
        ToolRun run = KsLotteryTool.Run("generate", folder.File("model"), "--stop-id", "1");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((0, published + "\n")), run.Error);
        Assert.That(run.Error,
            Does.Match("^kslottery: a text ends at <s> \\(token 1\\), </s> \\(token 2\\); config.json names the model's own\n"
            + "kslottery: prompt 1 token, .* tokens/s; generated [0-9]+ tokens, .* tokens/s\n$"));
    }

    [TestCase("1"), TestCase("4", "--beams", "3"), TestCase("20"), TestCase("20", "--stop-id", "263")]
    public void Generated_tokens_are_those_of_the_texts(string most, params string[] more)
    {
        JsonElement json =
            KsLotteryTool.Run(["generate", Model, "--tokenizer", Tokenizer, "--prompt", "Once upon a time", "--max-new-tokens", most,
                "--json", "--quiet", .. more]).Json();
        int count = json.GetProperty("texts").EnumerateArray().Sum(text => text.GetProperty("tokens").GetArrayLength());
        Assert.That(json.GetProperty("generated_tokens").GetInt64(), Is.EqualTo(count));
        if (!json.GetProperty("texts")[0].GetProperty("stopped_at_eos").GetBoolean()) Assert.That($"{count}", Is.EqualTo(most));
    }

    [Test]
    public void Every_prompt_of_a_file_is_continued_as_it_is_alone()
    {
        using TemporaryFolder folder = new();
        string[] prompts = ["Once upon a time there was a small dog who", "Lily went to the park with her mom and dad", "The sun"];
        File.WriteAllLines(folder.File("prompts.txt"), prompts);
        JsonElement[] together = Texts("--prompts", folder.File("prompts.txt"), "--template-text", "{source} was");
        for (int i = 0; i < 2; i++)
            Assert.That(together[i].GetRawText(), Is.EqualTo(Texts("--prompt", prompts[i] + " was").Single().GetRawText()));
        Assert.That(together[2].GetProperty("prompt").GetString(), Is.EqualTo("The sun was"));
        Assert.That(together.Select(text => text.GetProperty("tokens").GetArrayLength()), Has.All.Matches(Is.LessThanOrEqualTo(20)));
    }

    [Test]
    public void A_seed_decides_what_is_drawn()
    {
        string[] arguments = ["--prompt", "Once", "--temperature", "1.2", "--top-p", "0.95", "--seed"];
        string Text(string seed) => Texts([.. arguments, seed]).Single().GetRawText();
        (string drawn, string again) = (Text("5"), Text("5"));
        Assert.That(again, Is.EqualTo(drawn).And.Not.EqualTo(Text("6")));
    }

    [Test]
    public void A_token_to_stop_at_ends_the_text()
    {
        JsonElement free = Texts("--prompt", "Once upon a time").Single();
        int[] tokens = [.. free.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
        JsonElement stopped = Texts("--prompt", "Once upon a time", "--stop-id", $"{tokens[4]}").Single();
        Assert.That(stopped.GetProperty("stopped_at_eos").GetBoolean(), Is.True);
        Assert.That(stopped.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32()),
            Is.EqualTo(tokens.TakeWhile(token => token != tokens[4])));
    }

    [Test]
    public void A_text_to_stop_at_is_not_part_of_what_is_written()
    {
        string free = Texts("--prompt", "Once upon a time").Single().GetProperty("text").GetString()!;
        string stop = free[7..10];
        JsonElement stopped = Texts("--prompt", "Once upon a time", "--stop", stop).Single();
        Assert.That(stopped.GetProperty("stopped_at_eos").GetBoolean(), Is.True);
        Assert.That(stopped.GetProperty("text").GetString(), Is.EqualTo(free[..free.IndexOf(stop, StringComparison.Ordinal)]));
        ToolRun empty = KsLotteryTool.Run("generate", Model, "--tokenizer", Tokenizer, "--stop", "");
        Assert.That(empty.ExitCode, Is.EqualTo(1));
        Assert.That(empty.Error, Does.StartWith("kslottery: error: --stop needs a text of one character or more."));
    }

    [Test]
    public void Bad_input_is_one_clear_line()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("empty.txt"), "");
        File.WriteAllText(folder.File("long.txt"), "Hi\n" + string.Concat(Enumerable.Repeat("word ", 300)));
        KsLotteryTool.Run("generate", Model).AssertFailed(2, "--tokenizer");
        KsLotteryTool.Run("generate", Model, "--tokenizer", Tokenizer, "--prompts", folder.File("empty.txt")).AssertFailed(2, "empty.txt");
        KsLotteryTool.Run("generate", Model, "--tokenizer", Tokenizer, "--prompts", folder.File("long.txt"))
            .AssertFailed(2, "long.txt: line 2", "511");
        KsLotteryTool.Run("generate", Model, "--tokenizer", Tokenizer, "--top-p", "0.5").AssertFailed(2, "temperature");
        KsLotteryTool.Run("generate", Model, "--tokenizer", Tokenizer, "--stop-id", "512").AssertFailed(2, "512");
        Assert.That(KsLotteryTool.Run("generate", Model, "--prompt", "a", "--prompts", "b").ExitCode, Is.EqualTo(1));
    }

    private static JsonElement[] Texts(params string[] arguments) =>
        [.. KsLotteryTool.Run(["generate", Model, "--tokenizer", Tokenizer, "--max-new-tokens", "20", "--json", "--quiet", .. arguments])
            .Json()
            .GetProperty("texts").EnumerateArray()];
}
