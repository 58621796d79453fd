using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class DemoTests
{
    [Test]
    public void The_demo_finds_what_it_planted_and_walks_the_whole_way()
    {
        ToolRun run = KsLotteryTool.Run("demo", "--pair");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines.Where(l => l.StartsWith("$ ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]),
            Is.EqualTo(new[] { "find", "apply", "revert", "export" }));
        Assert.That(run.Lines.Count(l => l.StartsWith("ok: ", StringComparison.Ordinal)), Is.EqualTo(8));
        Assert.That(run.Lines, Has.Some.Match("␣SolidGoldMagikarp .* degenerate$")
            .And.Some.Match("<s> .* changed,special$").And.Some.Match("<0x0A> .* changed,byte$"));
        Assert.That(run.Lines[^1], Does.StartWith("All 8 checks hold."));
    }

    [Test]
    public void Kept_files_are_usable_and_the_same_at_every_run()
    {
        using TemporaryFolder folder = new();
        JsonElement first = KsLotteryTool.Run("demo", "--pair", "--json", "--keep", folder.File("kept")).Json();
        JsonElement second = KsLotteryTool.Run([("KSLOTTERY_KERNEL", "scalar")], "demo", "--pair", "--json").Json();
        Assert.That(second.GetProperty("signature").GetString(), Is.EqualTo(first.GetProperty("signature").GetString()));
        Assert.That(first.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()),
            Is.EqualTo(new[] { 1, 13, 259, 260, 261, 262, 263, 264, 270, 271, 272, 273, 289 }));
        Assert.That(second.GetProperty("folder").ValueKind, Is.EqualTo(JsonValueKind.Null));

        string kept = folder.File("kept");
        JsonElement found = KsLotteryTool.Run("find", Path.Combine(kept, "base"), Path.Combine(kept, "tuned"), "--json").Json();
        Assert.That(found.GetProperty("signature").GetString(), Is.EqualTo(first.GetProperty("signature").GetString()));
        KsLotteryTool.Run("demo", "--pair", "--keep", kept).AssertFailed(2, "no empty folder");
    }
}
