using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

public sealed class ToolTests
{
    [TestCase(new[] { "--help" }, "help.txt")]
    [TestCase(new[] { "find", "--help" }, "help-find.txt")]
    [TestCase(new[] { "certify", "--help" }, "help-certify.txt")]
    [TestCase(new[] { "report", "--help" }, "help-report.txt")]
    [TestCase(new[] { "experiment", "--help" }, "help-experiment.txt")]
    [TestCase(new[] { "convert", "--help" }, "help-convert.txt")]
    [TestCase(new[] { "demo", "--help" }, "help-demo.txt")]
    [TestCase(new[] { "tune", "--help" }, "help-tune.txt")]
    [TestCase(new[] { "pretrain", "--help" }, "help-pretrain.txt")]
    public void The_help_text_is_the_one_that_was_approved(string[] arguments, string file)
    {
        ToolRun run = KsLotteryTool.Run(arguments);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        string approved = Path.Combine(SharedData.Root, "tests", "KsLottery.Cli.Tests", "Golden", file);
        if (Environment.GetEnvironmentVariable("KSLOTTERY_APPROVE") == "1") File.WriteAllText(approved, run.Output);
        Assert.That(run.Output, Is.EqualTo(File.ReadAllText(approved)),
            $"if the change is meant, run this test with KSLOTTERY_APPROVE=1 to renew {file}");
    }

    [Test]
    public void Without_arguments_it_shows_its_help_and_an_error_of_usage()
    {
        ToolRun run = KsLotteryTool.Run();
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((1, "")));
        Assert.That(run.Output, Does.Contain("Commands:").And.Contain("find"));
    }

    [Test]
    public void An_unknown_command_is_told_on_stderr_with_what_it_may_have_meant()
    {
        ToolRun run = KsLotteryTool.Run("fnd");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("fnd").And.Contain("find").And.Contain("See kslottery --help."));
    }

    [Test]
    public void A_stack_trace_shows_only_where_it_is_asked_for()
    {
        KsLotteryTool.Run("find", "absent", "absent").AssertFailed(2, "kslottery: error: absent");
        Assert.That(KsLotteryTool.Run([("KSLOTTERY_DEBUG", "1")], "find", "absent", "absent").Error, Does.Contain("   at "));
    }

    [Test]
    public void A_path_that_begins_with_an_at_sign_is_a_path() =>
        KsLotteryTool.Run("find", "@absent", "b").AssertFailed(2, "@absent: no such file");

    [Test]
    public void A_message_stays_on_one_line_whatever_a_path_holds() =>
        KsLotteryTool.Run("find", "a\n\e[31mb", "c").AssertFailed(2, @"a\n\x1b[31mb");

    [Test, Platform("Linux", Reason = "script gives the tool a terminal")]
    public void Colour_is_for_terminals_and_NO_COLOR_turns_it_off()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Ignore("there is no script command to make a terminal with");
        Assert.That(KsLotteryTool.RunOnTerminal([("TERM", "xterm")], "devices"), Does.Contain("\e[1m"));
        Assert.That(KsLotteryTool.RunOnTerminal([("TERM", "xterm"), ("NO_COLOR", "1")], "devices"),
            Does.Not.Contain("\e[1m").And.Contain("cpu"));
        Assert.That(KsLotteryTool.RunOnTerminal([("TERM", "dumb")], "devices"), Does.Not.Contain("\e[1m"));
    }

    [Test, Platform("Linux", Reason = "script gives the tool a terminal")]
    public void On_a_terminal_the_object_stands_alone_and_no_control_character_with_it()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Ignore("there is no script command to make a terminal with");
        using TemporaryFolder folder = new();
        (string model, string tuned, _) = Commands.ApplyTests.MakePatch(folder);
        foreach (string[] arguments in (string[][])[["devices"], ["inspect", model], ["find", model, tuned]])
        {
            string output = KsLotteryTool.RunOnTerminal([("TERM", "xterm")], [.. arguments, "--json"]);
            Assert.That(output.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n').Where(char.IsControl), Is.Empty, output);
            using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(output);
            Assert.That(json.RootElement.ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Object));
        }
        // What is sent for a person is colour, and no state of the terminal.
        foreach (string[] arguments in (string[][])[["devices"], ["--help"], ["find", "--help"]])
            Assert.That(KsLotteryTool.RunOnTerminal([("TERM", "xterm"), ("NO_COLOR", "1")], arguments), Does.Not.Contain("\e"));
    }
}
