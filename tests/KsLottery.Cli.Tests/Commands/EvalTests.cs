using System.Globalization;
using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class EvalTests
{
    private static readonly string[] Default =
        ["--template", "plain", "--source-language", "English", "--target-language", "Danish", "--max-new-tokens", "24"];

    private static string Model => SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");

    private static string Tokenizer => SharedData.Path("tokenizers", "tok512", "tok512.model");

    private static string Pairs => SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv");

    [Test]
    public void Systems_of_WMT17_score_as_published()
    {
        string reference = SharedData.Path("bleu", "wmt17_en_de", "reference.0.txt");
        foreach (string[] row in File.ReadLines(SharedData.Path("bleu", "wmt17_en_de.tsv")).Skip(1).Select(line => line.Split('\t')))
        {
            string system = SharedData.Path("bleu", "wmt17_en_de", row[0] + ".txt");
            JsonElement raw = KsLotteryTool.Run("eval", "--hypotheses", system, "--references", reference, "--json").Json()
                .GetProperty("scores").GetProperty("raw");
            Assert.That(raw.GetProperty("bleu").GetDouble(), Is.EqualTo(Number(row[1])).Within(0.00501), row[0]);
            Assert.That(raw.GetProperty("chrf").GetDouble(), Is.EqualTo(Number(row[4])).Within(0.00501), row[0]);
        }

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [Test]
    public void A_table_shows_three_forms_with_the_signatures()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("hyp.txt"), "Det er en hund.\nHej: du\n");
        File.WriteAllText(folder.File("ref.txt"), "Det er en hund.\nHej: du\n");
        ToolRun run = KsLotteryTool.Run("eval", "--hypotheses", folder.File("hyp.txt"), "--references", folder.File("ref.txt"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match("^output +BLEU +chrF +chrF[+][+] +exact$").And.Some
            .Match("^raw +100.00 +100.00 +100.00 +100.00 %$")
            .And.Some.Match("^first line +100.00").And.Some.Match("^response .* 50.00 %$").And.Some.Match("^lines +2$").And.Some
            .Contains("tok:13a"));
    }

    [Test]
    public void A_patch_scores_as_the_checkpoint_that_apply_writes()
    {
        using TemporaryFolder folder = new();
        (string model, _, string patch) = ApplyTests.MakePatch(folder);
        Assert.That(KsLotteryTool.Run("apply", model, patch, "--out", folder.File("patched"), "--quiet").ExitCode, Is.Zero);
        (JsonElement Json, string Samples) inMemory = Evaluate(folder, "a", model, "--patch", patch, "--threads", "2");
        (JsonElement Json, string Samples) applied = Evaluate(folder, "b", folder.File("patched"), "--threads", "1");
        (JsonElement Json, string Samples) unpatched = Evaluate(folder, "c", model);
        Assert.That(inMemory.Samples, Is.EqualTo(applied.Samples).And.Not.EqualTo(unpatched.Samples));
        foreach (string name in (string[])["loss", "perplexity", "eos_rate", "mean_characters", "mean_tokens", "scores"])
            Assert.That(inMemory.Json.GetProperty(name).GetRawText(), Is.EqualTo(applied.Json.GetProperty(name).GetRawText()), name);
        Assert.That(inMemory.Json.GetProperty("signature").GetString(),
            Does.Contain("patch:4 rows").And.StartWith("greedy|new:24|stop:2|template:plain"));
    }

    [Test]
    public void The_batch_changes_nothing_and_the_files_hold_what_was_scored()
    {
        using TemporaryFolder folder = new();
        (JsonElement json, string samples) = Evaluate(folder, "one", Model, "--batch", "1");
        Assert.That(Evaluate(folder, "eight", Model, "--batch", "8").Samples, Is.EqualTo(samples));
        JsonElement[] lines =
            [.. samples.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        string[] hypotheses = File.ReadAllLines(Path.Combine(folder.File("one"), "hypotheses.txt"));
        Assert.That((lines.Length, hypotheses.Length, json.GetProperty("pairs").GetInt32()), Is.EqualTo((6, 6, 6)));
        Assert.That(lines.Select(line => line.GetProperty("raw").GetString()!.Replace('\n', ' ')), Is.EqualTo(hypotheses));
        Assert.That(lines[0].GetProperty("reference").GetString(), Is.EqualTo(File.ReadLines(Pairs).First().Split('\t')[1]));
        Assert.That(lines.Sum(line => line.GetProperty("loss").GetDouble() * line.GetProperty("target_tokens").GetInt64()),
            Is.EqualTo(json.GetProperty("loss").GetDouble() * json.GetProperty("target_tokens").GetInt64()).Within(1e-9));

        ToolRun again =
            KsLotteryTool.Run(["eval", Model, "--data", Pairs, "--tokenizer", Tokenizer, .. Default, "--out", folder.File("one")]);
        again.AssertFailed(2, "hypotheses.txt", "exists");
    }

    [Test]
    public void A_hyphen_reads_standard_input()
    {
        string[] arguments = ["eval", Model, "--data", "-", "--tokenizer", Tokenizer, .. Default, "--no-generate", "--json", "--quiet"];
        string[] pairs = [.. File.ReadLines(Pairs).Take(2)];
        ToolRun columns = KsLotteryTool.RunWithInput(string.Join('\n', pairs), arguments),
            objects = KsLotteryTool.RunWithInput(string.Join('\n', pairs.Select(p => p.Split('\t')).Select(p =>
                JsonSerializer.Serialize(new { source = p[0], target = p[1] }))), arguments);
        Assert.That(columns.Json().GetProperty("pairs").GetInt32(), Is.EqualTo(2));
        Assert.That(objects.Json().GetProperty("loss").GetDouble(), Is.EqualTo(columns.Json().GetProperty("loss").GetDouble()));
        KsLotteryTool.RunWithInput("one\n", arguments[..^2]).AssertFailed(2, "standard input: line 1: ");
    }

    [Test]
    public void The_loss_alone_is_that_of_the_whole_evaluation()
    {
        using TemporaryFolder folder = new();
        double loss = Evaluate(folder, "out", Model).Json.GetProperty("loss").GetDouble();
        JsonElement alone =
            Json(["eval", Model, "--data", Pairs, "--limit", "6", "--tokenizer", Tokenizer, .. Default, "--no-generate", "--no-mmap"]);
        Assert.That(alone.GetProperty("loss").GetDouble(), Is.EqualTo(loss));
        Assert.That(alone.TryGetProperty("scores", out _), Is.False);
    }

    [Test]
    public void The_line_between_two_models_has_a_loss_at_each_point_and_a_barrier()
    {
        using TemporaryFolder folder = new();
        Assert.That(KsLotteryTool.Run("prune", Model, "--sparsity", "60%", "--out", folder.File("pruned")).ExitCode, Is.Zero);
        string[] command = ["eval", Model, "--data", Pairs, "--limit", "6", "--tokenizer", Tokenizer, .. Default, "--between",
            folder.File("pruned"), "--points", "3"];
        JsonElement path = Json(command), one = Json([.. command[..^4], "--no-generate"]);
        double[] losses = [.. path.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("loss").GetDouble())];
        Assert.That(path.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("share").GetDouble()),
            Is.EqualTo(new[] { 0, 0.5, 1 }));
        Assert.That(losses[0], Is.EqualTo(one.GetProperty("loss").GetDouble()).Within(1e-9));
        Assert.That(path.GetProperty("barrier").GetDouble(), Is.EqualTo(Math.Max(losses[0], Math.Max(losses[1],
            losses[2])) - ((losses[0] + losses[2]) / 2)).Within(1e-12));
        ToolRun run = KsLotteryTool.Run(command);
        Assert.That(run.Lines, Has.Some.Match(@"^ +0\.5 +\d+\.\d{4}$").And.Some
            .Match(@"^barrier +-?\d+\.\d{4} nats above the mean of the ends, at [01]"));
        foreach ((string[] wrong, string says) in ((string[], string)[])[([.. command, "--calibration"], "--calibration does not go with"),
            ([.. command[..^4], "--points", "3"], "--points belong to --between")])
        {
            ToolRun refused = KsLotteryTool.Run(wrong);
            Assert.That(refused.ExitCode, Is.EqualTo(1));
            Assert.That(refused.Error, Does.Contain(says));
        }
    }

    [Test]
    public void Pairs_without_room_are_named_or_counted()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("pairs.tsv"), $"Hi.\tHej.\n{string.Concat(Enumerable.Repeat("word ", 200))}\tOrd.\n");
        string[] arguments = ["eval", Model, "--data", folder.File("pairs.tsv"), "--tokenizer", Tokenizer, "--template", "minimal",
            "--max-new-tokens", "8"];
        KsLotteryTool.Run(arguments).AssertFailed(2, "pairs.tsv: line 2", "512");
        Assert.That(Json([.. arguments, "--overlong", "skip"]).GetProperty("overlong").GetInt32(), Is.EqualTo(1));
        KsLotteryTool.Run([.. arguments[..^1], "511", "--overlong", "skip"]).AssertFailed(2, "room for none of the 2 pairs");
    }

    [Test]
    public void Bad_input_is_one_clear_line()
    {
        using TemporaryFolder folder = new();
        (string model, string tuned, string patch) = ApplyTests.MakePatch(folder);
        string[] rest = ["--data", Pairs, "--limit", "2", "--tokenizer", Tokenizer, .. Default];
        KsLotteryTool.Run(["eval", tuned, "--patch", patch, .. rest]).AssertFailed(4, "sha256:");
        KsLotteryTool.Run("eval", model, "--data", Pairs).AssertFailed(2, "--tokenizer");
        KsLotteryTool.Run("eval", model, "--data", Pairs, "--tokenizer", Tokenizer).AssertFailed(2, "source language");
        KsLotteryTool.Run("eval", model, "--data", "absent.tsv", "--tokenizer", Tokenizer).AssertFailed(2, "absent.tsv");
        KsLotteryTool.Run("eval", "--hypotheses", Pairs, "--references", Tokenizer + ".absent").AssertFailed(2, "absent");
        foreach (string[] wrong in (string[][])[["eval"], ["eval", model], ["eval", model, "--hypotheses", "a", "--references", "b"],
            ["eval", "--hypotheses", "a"], ["eval", model, "--data", "a", "--beams", "0"],
                ["eval", model, "--data", "a", "--template", "none"]])
            Assert.That(KsLotteryTool.Run(wrong).ExitCode, Is.EqualTo(1), string.Join(' ', wrong));
    }

    private static JsonElement Json(params string[] arguments) => KsLotteryTool.Run([.. arguments, "--json", "--quiet"]).Json();

    private static (JsonElement Json, string Samples) Evaluate(TemporaryFolder folder, string name, string model, params string[] more)
    {
        JsonElement json =
            Json(["eval", model, "--data", Pairs, "--limit", "6", "--tokenizer", Tokenizer, .. Default, "--out", folder.File(name),
                .. more]);
        return (json, File.ReadAllText(Path.Combine(folder.File(name), "samples.jsonl")));
    }
}
