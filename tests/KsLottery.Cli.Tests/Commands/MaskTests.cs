using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>A model that is trained, pruned, rewound and trained again under the mask.</summary>
public sealed class MaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [OneTimeSetUp]
    public void MakeTicket()
    {
        AtomicFile.WriteText(_folder.File("text.tsv"), string.Concat(Enumerable.Range(0, 300)
            .Select(i => $"{i % 10} and {i / 10 % 10} are {(i % 10) + (i / 10 % 10)}\n")));
        ToolRun run = Pretrain("dense", "--keep-states", "0,50%");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        run = KsLotteryTool.Run("prune", _folder.File("dense"), "--score", "magnitude", "--sparsity", "80%", "--out",
            _folder.File("pruned"), "--ticket", _folder.File("ticket"), "--quiet");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
    }

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_ticket_is_rewound_to_the_start_and_trained_with_zeros_around_it([Values("state-0", "state-4", "random:7")] string point)
    {
        string from = point.StartsWith("state", StringComparison.Ordinal) ? _folder.File($"dense/{point}") : point, name = $"{point[^1]}";
        ToolRun run = Pretrain(name, "--rewind", from, "--ticket", _folder.File("ticket"), "--outside", "zero", "--keep-states", "100%");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^outside +zero, the ticket is [\d,]+ of [\d,]+ values in 14 tensors$").And.Some
            .StartsWith("rewound to"));
        AssertZeroOutside(_folder.File(name));
        AssertZeroOutside(_folder.File($"{name}/state-8"));
    }

    [Test]
    public void Any_checkpoint_is_trained_under_the_mask_of_a_ticket_by_its_file_or_folder()
    {
        AtomicFile.WriteText(_folder.File("pairs.tsv"), string.Concat(Enumerable.Range(0, 40).Select(i => $"{i}\t{i + 1}\n")));
        string[] command = ["tune", _folder.File("dense"), "--data", _folder.File("pairs.tsv"), "--template", "minimal", "--steps", "3",
            "--batch", "8", "--threads", "2"];
        JsonElement json = Run("tuned", "--ticket", _folder.File("ticket/patch.safetensors"), "--outside", "zero").Json();
        Assert.That((json.GetProperty("scope").GetString(), json.GetProperty("outside").GetString()), Is.EqualTo(("full", "zero")));
        Assert.That(json.GetProperty("next").GetString(), Does.EndWith("--sparsity"));
        AssertZeroOutside(_folder.File("tuned"));
        json = Run("moved", "--outside", "project", "--sparsity", "80%").Json();
        Assert.That(json.GetProperty("outside").GetString(), Is.EqualTo("project"));
        using (TicketPatch ticket = TicketPatch.Open(_folder.File("ticket")))
        using (Checkpoint moved = Checkpoint.Open(_folder.File("moved")))
            Assert.That(ticket.Tensors.Sum(t => NonZero(moved.GetTensor(t.Name)).Count()), Is.EqualTo(ticket.Mask.Count));
        Assert.That(Run("matched", "--outside", "match-l2", "--ticket", _folder.File("ticket/ticket.json")).ExitCode, Is.Zero);
        Assert.That(Run("through", "--outside", "straight-through", "--pattern", "2:4", "--mask-every", "2", "--mask-decay", "1e-3",
            "--tensors", "*.mlp.*").ExitCode, Is.Zero);
        using (Checkpoint through = Checkpoint.Open(_folder.File("through")))
            foreach (Tensor tensor in through.Tensors.Where(t => t.Name.Contains(".mlp.", StringComparison.Ordinal)))
                Assert.That(NonZero(tensor).Count(), Is.EqualTo(tensor.ElementCount / 2), tensor.Name);

        ToolRun Run(string output, params string[] more) =>
            KsLotteryTool.Run([.. command, "--out", _folder.File(output), "--json", "--quiet", .. more]);
    }

    [Test]
    public void Another_seed_than_that_of_the_state_is_remarked()
    {
        ToolRun run = KsLotteryTool.Run([.. Command("seed"), "--steps", "8", "--rewind", _folder.File("dense/state-4"), "--seed", "7"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Error, Does.Contain("note: the state at step 4 is of a training with other settings: seed (42 there, 7 here).\n"));
    }

    [TestCase("needs the mask: --ticket PATH", "--outside", "zero")]
    [TestCase("finds its mask in the weights themselves", "--outside", "project", "--sparsity", "50%", "--ticket", "x")]
    [TestCase("give --sparsity P or --pattern N:M", "--outside", "straight-through")]
    [TestCase("these belong to --outside straight-through.", "--outside", "project", "--sparsity", "50%", "--mask-every", "3")]
    [TestCase("A --ticket has its own", "--outside", "zero", "--ticket", "x", "--sparsity", "50%")]
    [TestCase("there is none yet", "--outside", "freeze")]
    [TestCase("say which", "--ticket", "x")]
    [TestCase("names no seed", "--rewind", "random:x")]
    [TestCase("is no number of steps", "--keep-states", "0,x")]
    public void What_does_not_go_together_is_refused(string message, params string[] arguments) =>
        AssertUsage(Pretrain("never", arguments), message);

    [TestCase("is for --train full, its default, or embedding", "--train", "ticket", "--ticket", "x", "--outside", "zero")]
    [TestCase("Leave them out", "--ticket", "x", "--only", "3", "--outside", "zero")]
    [TestCase("is what --train ticket does", "--train", "full", "--outside", "freeze")]
    [TestCase("draws all weights anew", "--train", "embedding", "--rewind", "random:3")]
    [TestCase("Leave one of them out", "--ticket", "x", "--outside", "zero", "--l1-to-base", "0.1")]
    public void Nor_does_a_tuning_take_it(string message, params string[] arguments) =>
        AssertUsage(KsLotteryTool.Run(["tune", "x", "--data", "x", "--out", "x", .. arguments]), message);

    [Test]
    public void A_state_that_is_not_there_is_said()
    {
        Pretrain("absent", "--rewind", _folder.File("dense")).AssertFailed(2, "there is no state.safetensors in this folder",
            "Name the folder state-STEP");
        Pretrain("late", "--rewind", _folder.File("dense/state-4"), "--steps", "4").AssertFailed(2, "the state is of step 4");
    }

    private static void AssertUsage(ToolRun run, string message)
    {
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain(message));
    }

    private void AssertZeroOutside(string model)
    {
        using TicketPatch ticket = TicketPatch.Open(_folder.File("ticket"));
        using Checkpoint checkpoint = Checkpoint.Open(model);
        foreach (PatchedTensor tensor in ticket.Tensors)
            Assert.That(NonZero(checkpoint.GetTensor(tensor.Name)), Is.EqualTo(tensor.Mask.Units), tensor.Name);
    }

    private static IEnumerable<long> NonZero(Tensor tensor) => Enumerable.Range(0, (int)tensor.RowShape.Rows)
        .SelectMany(row => tensor.GetRow<float>(row).ToArray()).Index().Where(v => v.Item != 0).Select(v => (long)v.Index);

    private ToolRun Pretrain(string output, params string[] more) =>
        KsLotteryTool.Run([.. Command(output), .. more.Contains("--steps") ? (string[])[] : ["--steps", "8"], "--quiet", .. more]);

    private string[] Command(string output) => ["pretrain", "--text", _folder.File("text.tsv"), "--out", _folder.File(output),
        "--vocabulary", "300", "--width", "16", "--layers", "2", "--heads", "2", "--length", "32", "--batch", "4", "--threads", "2"];
}
