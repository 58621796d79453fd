using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Patches of one base, merged and taken out again.</summary>
public sealed class MergeTests
{
    private TemporaryFolder _folder = null!;

    private static string Base => SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");

    private static string Tuned => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    [SetUp]
    public void FindTickets()
    {
        _folder = new();
        Find("a", "--unit", "rows", "--top", "40");
        Find("b", "--unit", "elements", "--score", "movement", "--share", "10%", "--payload", "delta");
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("--how", "add")]
    [TestCase("--how", "task-arithmetic", "--weights", "1,0.5", "--scale", "0.7", "--normalize")]
    [TestCase("--how", "ties", "--trim", "5%", "--zero-sum", "majority")]
    [TestCase("--how", "graft", "--first-wins")]
    public void Two_tickets_are_merged_and_the_base_comes_back(params string[] how)
    {
        string merged = _folder.File("merged"), back = _folder.File("back");
        ToolRun run = Run(["merge", Base, _folder.File("a"), _folder.File("b"), .. how, "--out", merged]);
        Assert.That((run.ExitCode, run.Error.TrimEnd()), Is.EqualTo((0, "kslottery: note: The model is tied: its output head reads "
            + "\"model.embed_tokens.weight\" as well, so the output changes with the input.")));
        Assert.That(run.Lines[0], Does.StartWith("patch 1").And.Contain("elements of"));
        Assert.That(run.Lines, Has.Some.Match(@"^1 and 2 +[\d,]+ shared, [\d,]+ with other signs, Jaccard 0\.\d+$"));
        using (Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(merged))
            Assert.That(after.Tensors.Where(t => Fingerprint.OfTensor(t) != Fingerprint.OfTensor(before.GetTensor(t.Name)))
                .Select(t => t.Name), Is.EqualTo((string[])["model.embed_tokens.weight"]));
        ToolRun reverted = Run("revert", merged, _folder.File("b"), _folder.File("a"), "--out", back);
        Assert.That((reverted.ExitCode, reverted.Error), Is.EqualTo((0, "")));
        Assert.That(File.ReadAllBytes(Path.Combine(back, "model.safetensors")), Is.EqualTo(File.ReadAllBytes(Base)));
    }

    [Test]
    public void A_patch_that_is_missing_or_there_already_is_told_of()
    {
        string merged = _folder.File("merged");
        JsonElement json = JsonDocument.Parse(Run("merge", Base, _folder.File("a"), _folder.File("b"), "--out", merged, "--json").Output)
            .RootElement;
        Assert.That(json.GetProperty("overlap").GetProperty("pairs")[0].GetProperty("second").GetInt32(), Is.EqualTo(2));
        Assert.That(json.GetProperty("overlap").GetProperty("elements")[0].GetInt64(), Is.EqualTo(40 * 64));
        Run("revert", merged, _folder.File("a"), "--out", _folder.File("x")).AssertFailed(4, "embed_tokens");
        Run("merge", merged, _folder.File("a"), "--out", _folder.File("y")).AssertFailed(4, "is not the base");
        Run("merge", Base, _folder.File("a"), _folder.File("a"), "--out", merged).AssertFailed(2, "not empty");
        Assert.That(Directory.Exists(_folder.File("x")) || Directory.Exists(_folder.File("y")), Is.False);
    }

    [TestCase("3 weights for 2", "--how", "ties", "--weights", "1,2,3")]
    [TestCase("knows no weights", "--weights", "1,2")]
    [TestCase("does not trim", "--trim", "10%")]
    [TestCase("add up to 0", "--how", "task-arithmetic", "--normalize", "--weights", "1,-1")]
    public void What_does_not_fit_is_an_error_of_usage(string says, params string[] how) =>
        Run(["merge", Base, _folder.File("a"), _folder.File("b"), .. how, "--out", _folder.File("out")]).AssertFailed(1, says);

    [TestCase("x is no number", "--weights", "1,x")]
    [TestCase("--how is sum; allowed are add", "--how", "sum")]
    public void What_cannot_be_read_is_an_error_of_usage(string says, params string[] how)
    {
        ToolRun run = Run(["merge", Base, _folder.File("a"), .. how, "--out", _folder.File("out")]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, run.Error)));
        Assert.That(run.Error, Does.Contain(says));
    }

    private void Find(string name, params string[] recipe)
    {
        ToolRun run = Run(["find", Base, Tuned, .. recipe, "--out", _folder.File(name), "--quiet"]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
    }

    private static ToolRun Run(params string[] arguments) => KsLotteryTool.Run(arguments);
}
