using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>A small model, pruned.</summary>
public sealed class PruneTests
{
    private static string Model => SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Half_of_the_layers_weights_go_and_a_ticket_brings_them_back()
    {
        string pruned = _folder.File("pruned"), ticket = _folder.File("ticket"), back = _folder.File("back");
        ToolRun run = Run("prune", Model, "--sparsity", "50%", "--out", pruned, "--ticket", ticket);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^all 35 in the scope +113,280 +113,280 +50\.00 %$"));
        Assert.That(run.Lines, Has.Some.Match(@"^scope +\*\.self_attn\.\*_proj\.weight,.*all other tensors keep their bytes$"));
        Assert.That(run.Lines, Has.Some.Match(@"^multiplications +56\.32 % of a token's by weights are left$"));
        using (Checkpoint before = Checkpoint.Open(Model), after = Checkpoint.Open(pruned))
            Assert.That(before.Tensors.Count(t => Fingerprint.OfTensor(t) == Fingerprint.OfTensor(after.GetTensor(t.Name))),
                Is.EqualTo(12), "embedding and norms");
        Assert.That(Run("revert", pruned, ticket, "--out", back).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(back, "model.safetensors")), Is.EqualTo(File.ReadAllBytes(Model)));
    }

    [Test]
    public void Two_of_four_of_chosen_tensors_go()
    {
        JsonElement json = Run("prune", Model, "--pattern", "2:4", "--tensors", "*.mlp.*", "--out", _folder.File("out"), "--json").Json();
        Assert.That(json.GetProperty("tensors").EnumerateArray().All(t => 2 * t.GetProperty("kept").GetInt64()
            == t.GetProperty("elements").GetInt64()));
        Assert.That(json.GetProperty("recipe").GetString(),
            Is.EqualTo("magnitude|unit:elements|tensors:*.mlp.*|pattern:2:4|payload:keep"));
    }

    [TestCase("Give --sparsity P or --pattern N:M")]
    [TestCase("Give --sparsity P or --pattern N:M", "--sparsity", "10%", "--pattern", "2:4")]
    [TestCase("100% leaves nothing", "--sparsity", "100%"), TestCase("may be percent or not", "--sparsity", "50")]
    [TestCase("--per-tensor is about a share", "--pattern", "2:4", "--per-tensor")]
    [TestCase("--seed decides --score random alone", "--sparsity", "10%", "--seed", "3")]
    public void What_does_not_go_together_is_an_error_of_usage(string says, params string[] how)
    {
        ToolRun run = Run(["prune", Model, .. how, "--out", _folder.File("out")]);
        Assert.That((run.ExitCode, Path.Exists(_folder.File("out"))), Is.EqualTo((1, false)));
        Assert.That(run.Error, Does.Contain(says));
    }

    private static ToolRun Run(params string[] arguments) => KsLotteryTool.Run(arguments);
}
