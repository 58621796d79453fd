using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Ranks;

/// <summary>Trainings and experiments under real launchers: the bytes of one process, whatever the number of ranks.</summary>
public sealed class RankedTrainingTests
{
    private static readonly string[] Small = ["--batch", "8", "--micro-batch", "100", "--seed", "3", "--quiet"];

    private TemporaryFolder _folder = null!;

    /// <summary>A base that one process has trained, and pairs.</summary>
    [OneTimeSetUp]
    public void TrainOnce()
    {
        _folder = new();
        File.WriteAllText(_folder.File("text.txt"), string.Concat(Enumerable.Range(0, 60).Select(i => $"day {i} and {i * 3} is one.\n\n")));
        File.WriteAllText(_folder.File("pairs.tsv"), string.Concat(Enumerable.Range(0, 24).Select(i => $"day {i}\tdag {i * 3}\n")));
        Assert.That(KsLotteryTool.Run(Pretrain("base")).ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run(Tune("rows")).ExitCode, Is.Zero);
    }

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase(MpiRun.OpenMpi, 3)]
    [TestCase(MpiRun.Mpich, 2)]
    public void A_model_is_that_of_one_process(string library, int ranks)
    {
        (int exitCode, string output, string error) = Run(library, ranks, Pretrain(library));
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(output, Does.Match(@"ranks +\d, [\d.]+ KiB a step between them"));
        Assert.That(output.Split("written ").Length, Is.EqualTo(2), "one rank speaks");
        AssertSame(library, "base");
    }

    /// <summary>Of two rows of 32 values each of four ranks hands on some sums.</summary>
    [TestCase(MpiRun.OpenMpi, 4)]
    [TestCase(MpiRun.Mpich, 3)]
    public void Rows_of_a_ticket_are_those_of_one_process(string library, int ranks)
    {
        string name = $"rows-{library}";
        (int exitCode, string output, string error) = Run(library, ranks, [.. Tune(name), "--json"]);
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(output, Does.Match($"\"ranks\":{ranks},\"sent_bytes_per_step\":\\d{{3,4}},"), "rows, not a model");
        AssertSame(name, "rows");
    }

    [Test]
    public void What_one_rank_ended_goes_on_with_fewer_under_another_library()
    {
        string metrics = _folder.File("ended/metrics.jsonl");
        string[] command = [.. KsLotteryTool.Command, .. Pretrain("ended", steps: 80)];
        (int exitCode, string output, string error) = MpiRun.RunEach(MpiRun.OpenMpi, [command,
            ["bash", "-c", "\"$@\" & until [ -e \"$0\" ] && [ $(wc -l <\"$0\") -ge 3 ]; do sleep 0.02; done; kill -TERM $!; wait $!",
                metrics, .. command]]);
        Assert.That(exitCode, Is.EqualTo(130), error);
        Assert.That(error, Does.Contain("--resume"));
        Assert.That(File.Exists(_folder.File("ended/state.safetensors")), Is.True);
        (exitCode, output, error) = Run(MpiRun.Mpich, 2, [.. Pretrain("ended", steps: 80), "--resume"]);
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(KsLotteryTool.Run(Pretrain("whole", steps: 80)).ExitCode, Is.Zero);
        AssertSame("ended", "whole");
    }

    private string[] Pretrain(string name, int steps = 3) => ["pretrain", "--text", _folder.File("text.txt"), "--out", _folder.File(name),
        "--steps", $"{steps}", "--length", "64", "--width", "32", "--layers", "1", "--heads", "2", "--vocabulary", "270", .. Small];

    private string[] Tune(string name) => ["tune", _folder.File("base"), "--data", _folder.File("pairs.tsv"), "--template", "minimal",
        "--out", _folder.File(name), "--train", "ticket",
        "--only", "frequency", "--rows", "2", "--steps", "4", .. Small];

    private static (int ExitCode, string Output, string Error) Run(string library, int ranks, string[] arguments) =>
        MpiRun.Run(library, ranks, [.. KsLotteryTool.Command, .. arguments]);

    /// <summary>Every file is the same, but for the speed.</summary>
    private void AssertSame(string name, string expected)
    {
        Assert.That(Files(name), Is.EquivalentTo(Files(expected)));

        (string, string)[] Files(string run) => [.. Directory.GetFiles(_folder.File(run)).Select(path => (Path.GetFileName(path),
            Path.GetFileName(path) != "metrics.jsonl" ? Convert.ToHexString(File.ReadAllBytes(path))
                : string.Join('\n', File.ReadLines(path).Select(line => line[..line.IndexOf(",\"tokens", StringComparison.Ordinal)]))))];
    }
}
