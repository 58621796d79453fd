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
    public void Without_arguments_it_shows_its_help() =>
        Assert.That(KsLotteryTool.Run(), Is.EqualTo(KsLotteryTool.Run("--help")));

    [Test]
    public void Every_command_is_in_the_page_of_commands()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.Root, "docs", "commands.md"));
        string[] names = [.. CommandTree.Create([]).Subcommands.Select(command => command.Name)];
        Assert.That(names.Where(name => !page.Contains($"kslottery {name} ", StringComparison.Ordinal)), Is.Empty);
        Assert.That(names.Length, Is.InRange(16, 99));
    }

    [TestCase("find"), TestCase("bench", "model"), TestCase("help")]
    public void Help_is_a_command_too(params string[] names)
    {
        ToolRun run = KsLotteryTool.Run(["help", .. names]);
        Assert.That(run, Is.EqualTo(KsLotteryTool.Run([.. names, "--help"])));
        Assert.That(run.Output, Does.Contain($"kslottery {string.Join(' ', names)}"));
    }

    [Test]
    public void Help_for_what_is_no_command_says_what_there_is()
    {
        KsLotteryTool.Run("help", "fnd").AssertFailed(1, "fnd is no command. There are find, ");
        KsLotteryTool.Run("help", "bench", "kss").AssertFailed(1, "kss is no command of bench. There are ks, model.");
        KsLotteryTool.Run("help", "find", "x").AssertFailed(1, "x is no command of find. See kslottery find --help.");
    }

    [TestCase("find", "absent", "absent", 2, "absent: no such file or folder. Give a .safetensors file or a model's folder.")]
    [TestCase("find", "absent", "--alpha=x", 1, "--alpha is x")]
    public void With_json_an_error_is_an_object_on_stderr(string command, string first, string second, int exitCode, string message)
    {
        ToolRun run = KsLotteryTool.Run(command, first, second, "--json");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((exitCode, "")));
        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(run.Error);
        System.Text.Json.JsonElement error = json.RootElement.GetProperty("error");
        Assert.That(error.GetProperty("exit_code").GetInt32(), Is.EqualTo(exitCode));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain(message));
    }

    [TestCase("fnd is no command. Did you mean find?", "See kslottery --help.", "fnd")]
    [TestCase("xyz is no command.", "See kslottery --help.", "xyz")]
    [TestCase("kss is no command of bench. Did you mean ks?", "See kslottery bench --help.", "bench", "kss")]
    [TestCase("--alpa is no option of find. Did you mean --alpha?", "See kslottery find --help.", "find", "a", "b", "--alpa", "3")]
    [TestCase("--selct is no option of find.", "See kslottery find --help.", "find", "a", "b", "--selct=3")]
    [TestCase("c is one argument too many: find takes BASE, TUNED.", "See kslottery find --help.", "find", "a", "b", "c")]
    [TestCase("a is one argument too many: find takes BASE, TUNED.", "See kslottery find --help.", "find", "a", "b", "a")]
    [TestCase("--train is tickt; allowed are full, embedding, ticket, lora, spiel. Did you mean ticket?", "See kslottery tune --help.",
        "tune", "m", "--data", "x", "--out", "y", "--train", "tickt")]
    [TestCase("SHELL is missing. The shell: bash, fish, pwsh, zsh.", "See kslottery completion --help.", "completion")]
    public void A_mistake_is_told_in_one_line_with_what_may_have_been_meant(string problem, string nextStep, params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run(arguments);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Is.EqualTo($"kslottery: error: {problem}\n{nextStep}\n"));
    }

    [Test]
    public void All_that_is_missing_is_told()
    {
        ToolRun run = KsLotteryTool.Run("apply");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error.Split('\n').Select(line => string.Join(' ', line.Split(' ').Take(6))), Is.EqualTo(new[]
        {
            "kslottery: error: BASE is missing. The", "kslottery: error: PATCH is missing. The", "kslottery: error: --out DIR is missing.",
            "See kslottery apply --help.", "",
        }));
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
