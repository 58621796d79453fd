using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Several processes run one experiment, and some of them are killed.</summary>
public sealed class SharedExperimentTests : IDisposable
{
    private const int Arms = 12;

    private readonly TrainingFixture _fixture = new();
    private readonly string _file;

    public SharedExperimentTests()
    {
        _file = _fixture.File("experiment.json");
        File.WriteAllText(_file, """
            { "base": "base", "template": "minimal", "max_length": 64, "alpha": 0.5, "training": { "steps": 12, "batch": 8 },
              "learning_rates": { "embedding": 5e-2, "rows": 2e-2, "lora": 1e-2 }, "evaluation": { "max_new_tokens": 2 },
              "tasks": [{ "name": "Danish", "train": "pairs.tsv", "test": "test.tsv" }], "seeds": [1, 2],
              "arms": ["embedding", "ticket", { "method": "ticket", "rows": 2 }, "random-delta", "random", "transfer"] }
            """);
        File.WriteAllLines(_fixture.File("test.tsv"), File.ReadLines(_fixture.Pairs).Take(4));
    }

    [OneTimeSetUp]
    public void RunOnce() => Assert.That(KsLotteryTool.Run(Arguments("whole")).ExitCode, Is.Zero);

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void Three_processes_in_one_folder_leave_the_bytes_of_one()
    {
        Process[] processes = [.. Enumerable.Range(0, 3).Select(_ => KsLotteryTool.Start([.. Arguments("shared"), "--resume", "--json"]))];
        (Task<string> Output, Task<string> Error)[] texts =
            [.. processes.Select(p => (p.StandardOutput.ReadToEndAsync(), p.StandardError.ReadToEndAsync()))];
        foreach ((Process process, (Task<string> Output, Task<string> Error) text) in processes.Zip(texts))
        {
            Assert.That(process.WaitForExit(TimeSpan.FromMinutes(3)), Is.True, "it does not end");
            Assert.That(process.ExitCode, Is.Zero, text.Error.Result);
            process.Dispose();
        }
        Assert.That(Bytes("shared"), Is.EquivalentTo(Bytes("whole")));
        Assert.That(texts.Count(t => t.Output.Result.Contains("\"held\": []", StringComparison.Ordinal)
            || t.Output.Result.Contains("\"held\":[]", StringComparison.Ordinal)), Is.GreaterThan(0));
    }

    [Test]
    public void An_arm_whose_process_was_killed_is_taken_over()
    {
        foreach (string arm in (string[])["danish-1-embed-tuning", "danish-2-partial-tuning-2-rows"])
        {
            using Process process = KsLotteryTool.Start([.. Arguments("killed"), "--resume", "--quiet"]);
            string metrics = Path.Combine(_fixture.File("killed"), arm, "metrics.jsonl");
            while (!process.HasExited && !(File.Exists(metrics) && new FileInfo(metrics).Length > 0)) Thread.Sleep(2);
            process.Kill();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Not.Zero, "it was killed before its end");
            Assert.That(Directory.GetFiles(Path.Combine(_fixture.File("killed"), ".locks"), "*.holder"), Is.Not.Empty, "it held something");
        }
        ToolRun last = KsLotteryTool.Run([.. Arguments("killed"), "--resume", "--quiet"]);
        Assert.That((last.ExitCode, last.Error), Is.EqualTo((0, "")));
        Assert.That(Bytes("killed"), Is.EquivalentTo(Bytes("whole")));
    }

    [Test]
    public void What_another_process_holds_is_named_at_the_end()
    {
        string locks = Path.Combine(_fixture.File("held"), ".locks");
        Directory.CreateDirectory(locks);
        using Process self = Process.GetCurrentProcess();
        // As this process would hold the arm, were it the tool.
        File.WriteAllText(Path.Combine(locks, "danish-1-random-rows.holder"),
            string.Create(CultureInfo.InvariantCulture,
                $"{self.Id}\t{self.StartTime.ToUniversalTime():O}\t{Environment.MachineName}\t3\n"));
        ToolRun run = KsLotteryTool.Run([.. Arguments("held"), "--resume", "--part", "1/2", "--quiet"]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines,
            Has.Some.EqualTo($"not done yet: Danish, seed 1, random rows, held by process {self.Id} on {Environment.MachineName}"));
        Assert.That(Directory.Exists(Path.Combine(_fixture.File("held"), "danish-1-random-rows")), Is.False);
    }

    /// <summary>The second part is that of a task of a Slurm job array, here of <c>--array=10-15:5</c>.</summary>
    [Test]
    public void Parts_are_run_apart_and_collected()
    {
        (string, string)[] array = [("SLURM_ARRAY_TASK_ID", "15"), ("SLURM_ARRAY_TASK_COUNT", "2"), ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_STEP", "5")];
        foreach (int i in (int[])[1, 2])
        {
            ToolRun part = i == 2 ? KsLotteryTool.Run(array, Arguments($"part-{i}"))
                : KsLotteryTool.Run([.. Arguments($"part-{i}"), "--part", $"{i}/2"]);
            Assert.That(part.ExitCode, Is.Zero, part.Error);
            Assert.That(part.Lines, Has.Some.StartsWith($"This is part {i}/2").And.Some.EndsWith("greedily, 1 seed"));
            Assert.That(part.Error, Does.Contain($"({Arms - 4} of {Arms - 4})"));
        }
        ToolRun whole =
            KsLotteryTool.Run(array, [.. Arguments("collected"), "--collect", _fixture.File("part-1"), _fixture.File("part-2"), "--html",
                _fixture.File("page.html")]);
        Assert.That(whole.ExitCode, Is.Zero, whole.Error);
        Assert.That(whole.Lines, Has.Some.Match("^method +rows").And.Some.Match(@"^random rows, 2 rows +2 .* ± "));
        Assert.That(whole.Lines.SkipWhile(l => l != "Partial Tuning, 2 rows").Skip(1).Take(2),
            Has.All.Match(@"^  random (delta|rows), 2 rows .*\[.*\]"), "its controls");
        Assert.That(Bytes("collected"), Is.EquivalentTo(Bytes("whole")));
        Assert.That(File.ReadAllText(_fixture.File("page.html")), Does.Contain("ticket-overlap").And.Contain("control of"));

        KsLotteryTool.Run([.. Arguments("other"), "--quiet", "--collect", _fixture.File("part-1")])
            .AssertFailed(2, "8 arms are done in none of the parts: Danish, seed 2");
        KsLotteryTool.Run([.. Arguments("other"), "--quiet", "--part", "1/3"]).AssertFailed(2, "there can be 1 to 2 parts");
        KsLotteryTool.Run([("SLURM_ARRAY_TASK_ID", "3")], [.. Arguments("other"), "--quiet"])
            .AssertFailed(2, "SLURM_ARRAY_TASK_COUNT is not set", "--part I/N");
        foreach (string[] wrong in (string[][])[["--part", "3/2"], ["--part", "half"], ["--collect", "a", "--resume"],
            ["--collect", "a", "--part", "1/2"]])
            Assert.That(KsLotteryTool.Run([.. Arguments("other"), .. wrong]).ExitCode, Is.EqualTo(1), string.Join(' ', wrong));
        Assert.That(Directory.Exists(_fixture.File("other")), Is.False);
    }

    private string[] Arguments(string folder) => ["experiment", _file, "--out", _fixture.File(folder), "--threads", "1"];

    /// <summary>The files of a folder by their names, times of metrics left out.</summary>
    private Dictionary<string, string> Bytes(string folder) =>
        Directory.EnumerateFiles(_fixture.File(folder), "*", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetRelativePath(_fixture.File(folder), path), path => Path.GetFileName(path) == "metrics.jsonl"
            ? string.Join('\n',
                File.ReadLines(path).Select(line => line[..line.IndexOf(",\"tokens_per_second\"", StringComparison.Ordinal)]))
            : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))));
}
