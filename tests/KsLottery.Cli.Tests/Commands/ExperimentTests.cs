using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class ExperimentTests
{
    private static readonly string[] Always = ["base", "Embed Tuning", "newline alone", "Full Tuning"];

    [Test]
    public void The_experiment_scores_every_arm_and_leaves_folders_that_the_commands_take()
    {
        using TemporaryFolder folder = new();
        string kept = folder.File("kept");
        JsonElement result = KsLotteryTool.Run("demo", "--quick", "--quiet", "--json", "--keep", kept).Json();
        JsonElement[] arms = [.. result.GetProperty("arms").EnumerateArray()];
        double Loss(string name) => arms.Single(a => a.GetProperty("name").GetString() == name).GetProperty("loss").GetDouble();
        Assert.Multiple(() =>
        {
            Assert.That(arms.Select(a => a.GetProperty("name").GetString()), Is.SupersetOf(Always));
            Assert.That(Loss("Embed Tuning"), Is.LessThan(Loss("base")));
            Assert.That(Loss("Full Tuning"), Is.LessThan(Loss("base")));
            foreach (JsonElement arm in arms.Where(a => a.GetProperty("rows").ValueKind == JsonValueKind.Number))
                Assert.That(arm.GetProperty("parameters").GetInt64(), Is.EqualTo(256 * arm.GetProperty("rows").GetInt64()));
        });

        JsonElement found = KsLotteryTool.Run("find", Path.Combine(kept, "base"), Path.Combine(kept, "embed"), "--json").Json();
        Assert.That(found.GetProperty("signature").GetString(), Is.EqualTo(result.GetProperty("signature").GetString()));
        JsonElement scored = KsLotteryTool.Run("eval", Path.Combine(kept, "base"), "--patch", Path.Combine(kept, "newline", "patch.safetensors"),
            "--data", Path.Combine(kept, "test.tsv"), "--template", "plain", "--source-language", "English", "--target-language", "German",
            "--no-generate", "--json").Json();
        Assert.That(scored.GetProperty("loss").GetDouble(), Is.EqualTo(Loss("newline alone")).Within(1e-6));

        JsonElement report = KsLotteryTool.Run("report", kept, "--data", Path.Combine(kept, "train.tsv"), "--tensorboard", "--quiet", "--json").Json();
        Assert.That(report.GetProperty("charts").EnumerateArray().Select(c => c.GetString()), Is.SupersetOf(new[] { "p-vs-frequency", "score-vs-rows", "loss", "loss-pretraining" }));
        string[][] table = [.. File.ReadLines(Path.Combine(kept, "experiment.tsv")).Select(line => line.Split('\t'))];
        Assert.That(table.Skip(1).Select(line => line[0]), Is.EqualTo(arms.Select(a => a.GetProperty("name").GetString())));
    }

    [Test]
    public void What_the_pair_does_not_use_is_refused()
    {
        ToolRun run = KsLotteryTool.Run("demo", "--pair", "--language", "danish");
        Assert.That((run.ExitCode, run.Output, run.Error.Split('\n')[0]), Is.EqualTo((1, "", "--pair trains nothing: leave --language and --quick out.")));
    }
}
