using System.Diagnostics;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary><c>find --part</c> and <c>find --merge</c>: what several processes do, one leaves as well.</summary>
public sealed class PartTests
{
    private static readonly string[] Names = ["ticket.json", "rows.tsv", "patch.safetensors"];

    private static string Base => SharedData.Path("models", "hf", "stories260K_hf");

    private static string Hot => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    [Test]
    public void Parts_that_are_merged_leave_the_bytes_of_one_find()
    {
        using TemporaryFolder folder = new();
        Assert.That(KsLotteryTool.Run("find", Base, Hot, "--top", "9", "--out", folder.File("whole")).ExitCode, Is.Zero);
        string[] parts = [.. new[] { "3/3", "1/3", "2/3" }.Select(part =>
        {
            ToolRun run = KsLotteryTool.Run("find", Base, Hot, "--part", part, "--out", folder.File(part[..1]), "--threads", part[..1]);
            Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
            return folder.File(part[..1]);
        })];
        ToolRun merged = KsLotteryTool.Run(["find", Base, Hot, "--top", "9", "--out", folder.File("merged"), "--merge", .. parts]);
        Assert.That((merged.ExitCode, merged.Error), Is.EqualTo((0, "")));
        Assert.That(merged.Lines, Has.Some.Match("^rows +512: 250 changed, 262 identical$"));
        foreach (string name in Names)
            Assert.That(File.ReadAllBytes(Path.Combine(folder.File("merged"), name)),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(folder.File("whole"), name))), name);

        KsLotteryTool.Run("find", Base, Hot, "--merge", parts[0], parts[1])
            .AssertFailed(2, parts[0], parts[1], "rows 170 to 340 lie between them");
        KsLotteryTool.Run("find", Hot, Hot, "--merge", parts[0], parts[1], parts[2]).AssertFailed(4, "model.embed_tokens.weight");
        KsLotteryTool.Run("find", Base, Hot, "--merge", Path.Combine(Base, "model.safetensors"))
            .AssertFailed(2, "no part of a scan", "kslottery find --part");
        KsLotteryTool.Run("find", Base, Hot, "--part", "1/3", "--out", parts[0]).AssertFailed(2, parts[0], "--force");
    }

    [TestCase("I from 1 to N", "--part", "4/3", "--out", "x")]
    [TestCase("N from 1 to 2147483647", "--part", "1/99999999999", "--out", "x")]
    [TestCase("name it with --out", "--part", "1/3")]
    [TestCase("leave --alpha, --top out", "--part", "1/3", "--out", "x", "--alpha", "0.1", "--top", "3")]
    [TestCase("--part and --merge exclude each other", "--part", "1/3", "--out", "x", "--merge", "y")]
    [TestCase("leave --html out", "--part", "1/3", "--out", "x", "--html", "y")]
    [TestCase("--merge tests no rows", "--merge", "x", "--threads", "2")]
    [TestCase("--merge tests no rows", "--merge", "x", "--all-tensors")]
    public void Options_that_exclude_each_other_are_errors_of_usage(string message, params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run(["find", Base, Hot, .. arguments]);
        Assert.That((run.ExitCode, run.Error.Contains(message, StringComparison.Ordinal)), Is.EqualTo((1, true)), run.Error);
    }

    /// <summary>A process that is killed at any moment leaves no half part under the name.</summary>
    [TestCase(150), TestCase(300), TestCase(450)]
    public void A_part_is_there_whole_or_not_at_all(int milliseconds)
    {
        using TemporaryFolder folder = new();
        using (Process process = KsLotteryTool.Start("find", Base, Hot, "--part", "1/2", "--out", folder.File("a")))
        {
            Thread.Sleep(milliseconds);
            process.Kill();
            process.WaitForExit();
        }
        if (File.Exists(folder.File("a"))) Assert.That(RowScanPart.Read(folder.File("a")).Rows, Has.Count.EqualTo(256));
        else Assert.That(KsLotteryTool.Run("find", Base, Hot, "--part", "1/2", "--out", folder.File("a")).ExitCode, Is.Zero);
    }
}
