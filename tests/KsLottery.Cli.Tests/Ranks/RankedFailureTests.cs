using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Ranks;

/// <summary>What goes wrong where a launcher starts the tool several times: one message, the tool's exit code, no output.</summary>
public sealed class RankedFailureTests
{
    private static string Base => SharedData.Path("models", "hf", "stories260K_hf");

    private static string Tuned => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    [Test]
    public void Ranks_that_were_told_other_things_do_nothing()
    {
        (int exitCode, string output, string error) = MpiRun.RunEach(MpiRun.Mpich,
            [Tool("find", Base, Tuned, "--top", "3", "-q"), Tool("find", Base, Tuned, "--top", "4", "-q")]);
        Assert.That((exitCode, output), Is.EqualTo((2, "")), error);
        Assert.That(ErrorOf(error), Does.Contain("what was typed differs between ranks: rank 0 (").And.Contain("--top 3")
            .And.Contain("rank 1 (").And.Contain("--top 4"));
    }

    [Test]
    public void Ranks_that_read_other_files_by_one_name_do_nothing()
    {
        using TemporaryFolder folder = new();
        foreach ((string name, string tuned) in new[] { ("a", Tuned), ("b", Base) })
        {
            Directory.CreateDirectory(folder.File(name));
            Directory.CreateSymbolicLink(Path.Combine(folder.File(name), "base"), Base);
            Directory.CreateSymbolicLink(Path.Combine(folder.File(name), "tuned"), tuned);
        }
        string[] Rank(string name) =>
            ["sh", "-c", $"cd '{folder.File(name)}' && exec \"$@\"", "sh", .. Tool("find", "base", "tuned", "-q")];
        (int exitCode, string output, string error) = MpiRun.RunEach(MpiRun.Mpich, [Rank("a"), Rank("b")]);
        Assert.That((exitCode, output), Is.EqualTo((2, "")), error);
        Assert.That(ErrorOf(error), Does.Contain("the content of tuned (the ends of its tensors) differs between ranks: rank 0 ("));
    }

    [TestCase(MpiRun.OpenMpi)]
    [TestCase(MpiRun.Mpich)]
    public void A_rank_without_its_device_ends_all_and_leaves_nothing(string library)
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string error) = MpiRun.RunEach(library,
        [
            Tool("find", Base, Tuned, "-q", "--out", folder.File("out")),
            Tool("find", Base, Tuned, "-q", "--out", folder.File("out"), "--device", "cuda:99"),
        ]);
        Assert.That((exitCode, output), Is.EqualTo((3, "")), error);
        Assert.That(ErrorOf(error), Does.StartWith("kslottery: error: rank 1 (").And.Contain("device 'cuda:99': "));
        Assert.That(Directory.EnumerateFileSystemEntries(folder.Path), Is.Empty);
    }

    [TestCase(3, "find --part works in one process, and the launcher started 2", "find", "a", "b", "--part", "1/2", "--out", "c")]
    [TestCase(3, "eval works in one process, and the launcher started 2", "eval", "a", "--data", "b", "--target-language", "da")]
    [TestCase(1, "--top is x; ", "find", "a", "b", "--top", "x")]
    [TestCase(2, "a: no such file or folder.", "find", "a", "b")]
    public void What_is_wrong_with_a_command_is_said_once(int expected, string message, params string[] arguments)
    {
        (int exitCode, string output, string error) = MpiRun.Run(MpiRun.Mpich, 2, Tool([.. arguments, "-q"]));
        Assert.That((exitCode, output), Is.EqualTo((expected, "")), error);
        Assert.That(ErrorOf(error), Does.Contain(message));
    }

    [Test]
    public void Without_a_way_to_each_other_ranks_are_refused_unless_each_is_to_work_by_itself()
    {
        (string, string)[] step = [("SLURM_STEP_ID", "0"), ("SLURM_STEP_NUM_TASKS", "2"), ("SLURM_PROCID", "0"),
            ("KSLOTTERY_MPI", "libmpi.so.40")];
        ToolRun run = KsLotteryTool.Run(step, "find", Base, Tuned);
        if (run.Error.Contains("no MPI library", StringComparison.Ordinal))
            Assert.Ignore("no Open MPI: it is the Debian package openmpi-bin");
        run.AssertFailed(3, "the launcher started 2 processes, and Open MPI ", "srun --mpi=pmix", "--ranks off");
        Assert.That(KsLotteryTool.Run(step, "find", Base, Tuned, "--ranks", "off").ExitCode, Is.Zero);
        // A step of one task has a rank as well, and makes no job of several.
        Assert.That(KsLotteryTool.Run([("SLURM_STEP_ID", "0"), ("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0"), ("PMIX_RANK", "0")],
            "find", Base, Tuned).ExitCode, Is.Zero);
    }

    [Test]
    public void A_rank_that_is_bound_to_one_processor_hears_of_the_option_that_mends_it()
    {
        if (Environment.ProcessorCount < 2) Assert.Ignore("this machine has one processor");
        (int exitCode, _, string error) = MpiRun.Run(MpiRun.Mpich, 2, ["taskset", "-c", "0", .. Tool("find", Base, Tuned)]);
        Assert.That(exitCode, Is.Zero, error);
        Assert.That(error, Does.Contain("2 ranks by MPICH ").And.Contain("one of this machine's processors alone")
            .And.Contain("--bind-to none"));
    }

    private static string[] Tool(params string[] arguments) => [.. KsLotteryTool.Command, .. arguments];

    /// <summary>The one line that is the tool's.</summary>
    private static string ErrorOf(string error) =>
        error.Split('\n').Single(line => line.StartsWith("kslottery: ", StringComparison.Ordinal));
}
