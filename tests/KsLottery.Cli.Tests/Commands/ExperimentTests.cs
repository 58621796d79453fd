using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class ExperimentTests
{
    private static readonly string[] Always = ["base", "Embed Tuning", "rows of \\n", "Full Tuning"];

    [Test]
    public void The_demo_scores_every_arm_and_leaves_folders_that_the_commands_take()
    {
        using TemporaryFolder folder = new();
        (string kept, JsonElement result) = QuickDemo.Kept;
        JsonElement[] arms = [.. result.GetProperty("results").EnumerateArray()];
        double Loss(string name) => arms.Single(a => a.GetProperty("method").GetString() == name).GetProperty("loss").GetDouble();
        Assert.Multiple(() =>
        {
            Assert.That(arms.Select(a => a.GetProperty("method").GetString()), Is.SupersetOf(Always));
            Assert.That(Loss("Embed Tuning"), Is.LessThan(Loss("base")));
            Assert.That(Loss("Full Tuning"), Is.LessThan(Loss("base")));
            foreach (JsonElement arm in arms.Where(a => a.GetProperty("rows").ValueKind == JsonValueKind.Number))
                Assert.That(arm.GetProperty("parameters").GetInt64(), Is.EqualTo(256 * arm.GetProperty("rows").GetInt64()));
        });

        JsonElement found = KsLotteryTool.Run("find", Path.Combine(kept, "base"), Path.Combine(kept, "german-1-embed-tuning"), "--json")
            .Json();
        Assert.That(found.GetProperty("signature").GetString(),
            Is.EqualTo(result.GetProperty("tickets")[0].GetProperty("signature").GetString()));
        JsonElement scored = KsLotteryTool.Run("eval", Path.Combine(kept, "base"), "--patch",
            Path.Combine(kept, "german-1-rows-of-n", "patch.safetensors"),
            "--data", Path.Combine(kept, "test.tsv"), "--template", "plain", "--source-language", "English", "--target-language", "German",
            "--no-generate", "--json").Json();
        Assert.That(scored.GetProperty("loss").GetDouble(), Is.EqualTo(Loss("rows of \\n")).Within(1e-6));

        JsonElement report = KsLotteryTool.Run("report", kept, "--data", Path.Combine(kept, "train.tsv"), "--tensorboard", "--quiet",
            "--json", "--out", folder.File("report")).Json();
        Assert.That(report.GetProperty("charts").EnumerateArray().Select(c => c.GetString()),
            Is.SupersetOf(new[] { "p-vs-frequency", "score-vs-rows", "loss", "loss-pretraining" }));
        string[][] table = [.. File.ReadLines(Path.Combine(kept, "experiment.tsv")).Select(line => line.Split('\t'))];
        Assert.That(table.Skip(1).Select(line => line[2]), Is.EqualTo(arms.Select(a => a.GetProperty("method").GetString())));
    }

    [Test]
    public void An_experiment_is_declared_run_stopped_grown_and_shown()
    {
        using TrainingFixture fixture = new();
        string file = fixture.File("experiment.json"), output = fixture.File("out");
        void Declare(string seeds, string arms) => File.WriteAllText(file, $$"""
            { "base": "base", "template": "minimal", "max_length": 64, "alpha": 0.5, "training": { "steps": 4, "batch": 8 },
              "learning_rates": { "embedding": 5e-2, "rows": 2e-2 }, "evaluation": { "max_new_tokens": 2 },
              "tasks": [{ "name": "Danish", "train": "pairs.tsv", "test": "test.tsv" }], "seeds": {{seeds}}, "arms": {{arms}} }
            """);
        File.WriteAllLines(fixture.File("test.tsv"), File.ReadLines(fixture.Pairs).Take(6));
        Declare("[1, 2]", """["base", "embedding", "ticket"]""");
        ToolRun first = KsLotteryTool.Run("experiment", file, "--out", output, "--html", fixture.File("page.html"));
        Assert.That((first.ExitCode, first.Lines[0]), Is.EqualTo((0, "== Danish: 6 test pairs (6 of them trained on), greedily, 2 seeds")),
            first.Error);
        Assert.That(first.Lines, Has.Some.Match(@"^method +rows +parameters +share +BLEU +loss").And.Some
            .Match(@"^Embed Tuning +320 +10,240 .* ± ")
            .And.Some.Match("^Paired bootstrap: 1,000 resamples of 6 test pairs as sacreBLEU draws them, and of 2 "
                + "seeds as an outer level;$")
            .And.Some.Match(@"^  base +\S+ +\[\S+ \S+\] +(–|better|worse) +\S+ +\[\S+ \S+\] +(–|better|worse)$")
            .And.Some.Match("^between seeds of one task they share .* by chance"));
        Assert.That(first.Error, Does.Contain("kslottery: Danish, seed 2, Partial Tuning (5 of 5): loss "));
        Assert.That(File.ReadAllText(fixture.File("page.html")),
            Does.Contain("standard deviation").And.Contain("Spearman").And.Contain("ticket-overlap"));

        KsLotteryTool.Run("experiment", file, "--out", output).AssertFailed(2, "go on with the experiment in it (--resume)");
        Declare("[1, 2, 3]", """["base", "embedding", "ticket", "transfer"]""");
        JsonElement grown = KsLotteryTool.Run("experiment", file, "--out", output, "--resume", "--json", "--quiet").Json();
        Assert.That(grown.GetProperty("results").GetArrayLength(), Is.EqualTo(1 + (3 * 3)));
        Assert.That(grown.GetProperty("comparisons").EnumerateArray().Select(c => c.GetProperty("control").GetString()),
            Is.EqualTo(Enumerable.Repeat("base", 3)));
        Assert.That(first.Lines, Has.All.Matches<string>(line => VisibleText.Width(line ?? "") <= 100 || !line!.Contains("   ")));
        Declare("[1]", """["base", "prefix"]""");
        KsLotteryTool.Run("experiment", file, "--out", fixture.File("other"))
            .AssertFailed(2, "arms[1] is \"prefix\"; it must be one of base, full");
        Assert.That(Directory.Exists(fixture.File("other")), Is.False);
    }

    [Test]
    public void What_the_pair_does_not_use_is_refused()
    {
        ToolRun run = KsLotteryTool.Run("demo", "--pair", "--language", "danish");
        Assert.That((run.ExitCode, run.Output, run.Error.Split('\n')[0]),
            Is.EqualTo((1, "", "kslottery: error: --pair trains nothing: leave --language and --quick out.")));
    }
}
