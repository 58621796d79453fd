using System.Diagnostics;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Runs that are killed or cancelled end with the bytes of one that was not.</summary>
public sealed class ResumeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly string[] Ticket = ["--only", "random", "--rows", "12", "--steps", "120", "--eval-share", "0.1", "--eval-every",
        "7", "--learning-rate", "1e-2"];

    private readonly TrainingFixture _fixture = new();

    [OneTimeSetUp]
    public void RunWithoutABreak() => _fixture.RunTune("whole", "ticket", Ticket);

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void A_run_killed_again_and_again_ends_with_the_same_bytes()
    {
        string[] arguments = _fixture.Tune("killed", "ticket", [.. Ticket, "--save-every", "0.02", "--quiet"]);
        // Before the first state, and at two later places.
        foreach (int line in (int[])[1, 20, 60])
            using (Process process = KsLotteryTool.Start([.. arguments, "--resume"]))
            {
                WaitForLines("killed", line, process);
                process.Kill();
                process.WaitForExit();
                Assert.That(process.ExitCode, Is.Not.Zero, "it was killed before its end");
            }
        KsLotteryTool.Run(arguments).AssertFailed(2, "unfinished run", "--resume");
        ToolRun last = KsLotteryTool.Run([.. arguments, "--resume"]);
        Assert.That((last.ExitCode, last.Error), Is.EqualTo((0, "")));
        AssertSame("killed", "whole", TicketPatch.FileName, "training.json");
        KsLotteryTool.Run([.. arguments, "--resume"]).AssertFailed(2, "finished");
    }

    [Test, Platform(Exclude = "Win", Reason = "sends SIGINT")]
    public void A_cancelled_run_says_how_to_go_on_and_ends_with_the_same_bytes()
    {
        string[] arguments = _fixture.Tune("cancelled", "ticket", [.. Ticket, "--quiet"]);
        using (Process process = KsLotteryTool.StartInterruptible(arguments))
        {
            WaitForLines("cancelled", 30, process);
            KsLotteryTool.Interrupt(process);
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.EqualTo(130), error);
            Assert.That(error, Does.Contain("--resume"));
        }
        Assert.That(Names("cancelled"), Is.EqualTo(new[] { "metrics.jsonl", "state.safetensors", "training.json" }));

        foreach ((string option, string value) in ((string, string)[])[("--learning-rate", "0.02"), ("--batch", "4"), ("--seed", "7"),
            ("--clip", "0"), ("--target-language", "Danish")])
        {
            int at = Array.IndexOf(arguments, option);
            string[] changed = at < 0 ? [.. arguments, option, value] : [.. arguments[..(at + 1)], value, .. arguments[(at + 2)..]];
            KsLotteryTool.Run([.. changed, "--resume"]).AssertFailed(2, $"with {option[2..]} = ", value);
        }
        ToolRun last = KsLotteryTool.Run([.. arguments, "--resume", "--threads", "1"]);
        Assert.That((last.ExitCode, last.Error), Is.EqualTo((0, "")));
        AssertSame("cancelled", "whole", TicketPatch.FileName, "training.json");
    }

    [Test]
    public void A_run_whose_state_is_gone_is_not_begun_again_in_silence()
    {
        string[] arguments = _fixture.Tune("lost", "ticket", Ticket);
        using (Process process = KsLotteryTool.Start([.. arguments, "--save-every", "0", "--quiet"]))
        {
            WaitForLines("lost", 5, process);
            process.Kill();
            process.WaitForExit();
        }
        string state = Path.Combine(_fixture.File("lost"), "state.safetensors"),
            metrics = Path.Combine(_fixture.File("lost"), "metrics.jsonl");
        File.Delete(state);
        byte[] lines = File.ReadAllBytes(metrics);
        KsLotteryTool.Run([.. arguments, "--resume"]).AssertFailed(2, state, "the file is gone", "name another folder");
        Assert.That(File.ReadAllBytes(metrics), Is.EqualTo(lines));

        // Cut off before the first state there is none to miss: the run begins again, and says so.
        arguments = _fixture.Tune("early", "ticket", Ticket);
        using (Process process = KsLotteryTool.Start([.. arguments, "--save-every", "1000", "--quiet"]))
        {
            WaitForLines("early", 5, process);
            process.Kill();
            process.WaitForExit();
        }
        ToolRun again = KsLotteryTool.Run([.. arguments, "--resume"]);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(again.Error, Does.Contain("was cut off before a state was saved; it begins again"));
        AssertSame("early", "whole", TicketPatch.FileName, "training.json");
    }

    [Test]
    public void Data_or_a_base_that_changed_are_refused_by_name()
    {
        string[] arguments = _fixture.Tune("changed", "embedding", "--steps", "100000", "--save-every", "0", "--quiet");
        using (Process process = KsLotteryTool.Start(arguments))
        {
            WaitForLines("changed", 2, process);
            process.Kill();
            process.WaitForExit();
        }
        byte[] pairs = File.ReadAllBytes(_fixture.Pairs);
        File.AppendAllText(_fixture.Pairs, "eleven\telleve\n");
        KsLotteryTool.Run([.. arguments, "--resume"]).AssertFailed(2, "with data = sha256:");
        File.WriteAllBytes(_fixture.Pairs, pairs);

        string config = Path.Combine(_fixture.Base, "config.json");
        string text = File.ReadAllText(config);
        File.WriteAllText(config, text + "\n");
        KsLotteryTool.Run([.. arguments, "--resume"]).AssertFailed(2, "with config = sha256:");
        File.WriteAllText(config, text);
    }

    [Test]
    public void A_pretraining_that_was_killed_ends_with_the_same_bytes()
    {
        string[] Arguments(string output) =>
            ["pretrain", "--text", _fixture.Pairs, "--out", _fixture.File(output), "--vocabulary", "300", "--width", "16",
            "--layers", "1", "--heads", "2", "--tied", "--length", "32", "--batch", "4", "--steps", "60", "--save-every", "0.02",
                "--quiet"];
        Assert.That(KsLotteryTool.Run(Arguments("base-whole")).ExitCode, Is.Zero);
        using (Process process = KsLotteryTool.Start(Arguments("base-killed")))
        {
            WaitForLines("base-killed", 15, process);
            process.Kill();
            process.WaitForExit();
        }
        Assert.That(KsLotteryTool.Run([.. Arguments("base-killed"), "--resume"]).ExitCode, Is.Zero);
        AssertSame("base-killed", "base-whole", "config.json", "model.safetensors", "tokenizer.json", "training.json");
        Assert.That(KsLotteryTool.Run("inspect", _fixture.File("base-killed")).Lines, Has.Some.Match("^tied +yes"));
    }

    private void WaitForLines(string output, int count, Process process)
    {
        string path = Path.Combine(_fixture.File(output), "metrics.jsonl");
        long started = Stopwatch.GetTimestamp();
        while (!File.Exists(path) || File.ReadLines(path).Count() < count)
        {
            Assert.That(process.HasExited, Is.False, () => process.StandardError.ReadToEnd());
            Assert.That(Stopwatch.GetElapsedTime(started), Is.LessThan(Patience));
            Thread.Sleep(2);
        }
    }

    private void AssertSame(string output, string expected, params string[] files)
    {
        Assert.That(_fixture.Metrics(output), Is.EqualTo(_fixture.Metrics(expected)));
        Assert.That(Names(output), Is.EqualTo(Names(expected)), "no state and no temporary file is left");
        foreach (string file in files)
            Assert.That(File.ReadAllBytes(Path.Combine(_fixture.File(output), file)),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(_fixture.File(expected), file))), file);
    }

    private string[] Names(string output) =>
        [.. Directory.EnumerateFileSystemEntries(_fixture.File(output)).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
}
