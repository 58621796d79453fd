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

    [Test]
    public void A_sweep_says_what_each_sparsity_costs_and_goes_on_where_it_was_broken_off()
    {
        string[] data = ["--text", SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv") + ":1", "--limit", "20"];
        string[] command = ["prune", Model, "--sweep", .. data, "--tokenizer", SharedData.Path("tokenizers", "tok512", "tok512.model"),
            "--at", "10%,60%", "--out", _folder.File("sweep")];
        ToolRun run = Run(command);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^ +0% +226,560 +\d\.\d{4} +100\.00 %$").And.Some
            .Match(@"^ +10% +203,904 +\d\.\d{4} +\d+\.\d\d %$").And.Some.Match(@"^ +60% +90,624 ")
            .And.Some.Match("^knee of the loss +[01]0?% pruned is within 1 % of the dense model, the next point is not$"));
        string points = _folder.File(Path.Combine("sweep", "sparsity-sweep.tsv")), whole = File.ReadAllText(points);
        Assert.That(File.Exists(_folder.File(Path.Combine("sweep", "report", "sparsity-sweep.svg"))));
        File.WriteAllLines(points, File.ReadAllLines(points).Take(2));
        Run(command).AssertFailed(2, "not empty");
        Assert.That(Run([.. command, "--resume"]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(points), Is.EqualTo(whole));
        Run([.. command, "--resume", "--score", "random"]).AssertFailed(2, "another scope");
    }

    [TestCase("wanda"), TestCase("snip"), TestCase("taylor"), TestCase("grasp")]
    public void What_a_text_does_with_weights_says_which_stay(string score)
    {
        string[] command = ["prune", Model, "--score", score, "--sparsity", "50%", "--text",
            SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv") + ":1", "--limit", "10", "--tokenizer",
            SharedData.Path("tokenizers", "tok512", "tok512.model")];
        JsonElement json = Run([.. command, "--out", _folder.File("out"), "--json"]).Json();
        Assert.That(json.GetProperty("kept").GetInt64(), Is.EqualTo(113_280));
        Assert.That(json.GetProperty("recipe").GetString(), Does.Match($@"^{score}\|unit:elements\|tensors:[^|]+\|share"
            + $@"{(score == "wanda" ? "_per_row" : "")}:50%\|data:sha256:[0-9a-f]{{64}}\|payload:keep$"));
    }

    [Test]
    public void What_flows_without_data_says_which_stay_in_rounds()
    {
        JsonElement json = Run("prune", Model, "--score", "synflow", "--sparsity", "80%", "--rounds", "7", "--out", _folder.File("out"),
            "--ticket", _folder.File("ticket"), "--json").Json();
        Assert.That(json.GetProperty("recipe").GetString(), Does.Match(
            @"^synflow\|unit:elements\|tensors:\*\.self_attn\.v_proj\.weight,[^|]+\|share:20%\|rounds:7\|payload:keep$"));
        long scope = json.GetProperty("tensors").EnumerateArray().Sum(t => t.GetProperty("elements").GetInt64());
        Assert.That(json.GetProperty("kept").GetInt64(), Is.EqualTo(scope / 5));
        Assert.That(json.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("kept").GetInt64()),
            Has.All.Matches(Is.GreaterThan(0L)), "no layer collapses");
        Run("prune", Model, "--score", "synflow", "--sparsity", "50%", "--tensors", "*q_proj.weight", "--out", _folder.File("none"))
            .AssertFailed(2, "nothing flows through");
        Assert.That(Run("prune", Model, "--score", "synflow", "--pattern", "2:4", "--out", _folder.File("pattern")).ExitCode, Is.Zero);
    }

    [TestCase("--rounds are those of --score synflow", "--sparsity", "10%", "--rounds", "3")]
    [TestCase("ranks anew in every round", "--sweep", "--text", "x", "--score", "synflow")]
    [TestCase("give --data PAIRS or --text FILE", "--sweep"), TestCase("give --data PAIRS or --text FILE", "--score", "wanda")]
    [TestCase("leave them out", "--text", "x", "--sparsity", "10%")]
    [TestCase("only with --sweep", "--at", "10%", "--sparsity", "10%")]
    [TestCase("leave --sparsity and --pattern out", "--sweep", "--text", "x", "--sparsity", "10%")]
    [TestCase("20% follows 30%", "--sweep", "--text", "x", "--at", "30%,20%")]
    [TestCase("Give --sparsity P or --pattern N:M")]
    [TestCase("Give --sparsity P or --pattern N:M", "--sparsity", "10%", "--pattern", "2:4")]
    [TestCase("above 0% and below 100%", "--sparsity", "100%"), TestCase("above 0% and below 100%", "--sparsity", "50")]
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
