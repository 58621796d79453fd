using System.Diagnostics;

namespace KsLottery.Cli.Tests;

/// <summary>The scripts of <c>completion</c>, run by the shells that are there.</summary>
public sealed class CompletionTests
{
    // What stands for the installed tool, and its arguments: kslottery LINE-UP-TO-THE-CURSOR.
    private static readonly Dictionary<string, string> Programs = new()
    {
        ["bash"] = """
            kslottery() { "$RUNNER" "$TOOL" "$@"; }
            source <(kslottery completion bash)
            COMP_LINE=$LINE; COMP_POINT=${#LINE}; COMP_WORDS=($LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            [[ $LINE != *' ' ]] || { COMP_WORDS+=(''); COMP_CWORD=$((COMP_CWORD + 1)); }
            _kslottery
            printf '%s\n' "${COMPREPLY[@]}"
            """,
        ["fish"] = """
            function kslottery; $RUNNER $TOOL $argv; end
            kslottery completion fish | source
            complete --do-complete $LINE
            """,
        ["zsh"] = """
            kslottery() { "$RUNNER" "$TOOL" "$@" }
            compdef() { : }
            _files() { : }
            compadd() { print -l -- "${(P@)2}" }
            source <(kslottery completion zsh)
            BUFFER=$LINE; CURSOR=${#LINE}
            _kslottery
            """,
    };

    [Test]
    public void The_shell_is_told_what_may_follow([Values("bash", "fish", "zsh")] string shell)
    {
        Assert.That(Complete(shell, "kslottery fin"), Does.Contain("find"));
        Assert.That(Complete(shell, "kslottery completion "), Is.SupersetOf(new[] { "bash", "fish", "pwsh", "zsh" }));
        Assert.That(Complete(shell, "kslottery help ex"), Does.Contain("export").And.Contain("experiment"));
    }

    [Test]
    public void A_shell_that_is_not_known_is_refused() => Assert.That(KsLotteryTool.Run("completion", "tcsh").Error,
        Does.StartWith("kslottery: error: SHELL is tcsh; allowed are bash, fish, pwsh, zsh.\n"));

    private static string[] Complete(string shell, string line)
    {
        ProcessStartInfo start = new(shell, ["-c", Programs[shell]]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TOOL"] = KsLotteryTool.Command[^1];
        start.Environment["RUNNER"] = KsLotteryTool.Command is [var host, _] ? host : "env";
        start.Environment["LINE"] = line;
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.That(error.Result, Is.Empty);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore($"there is no {shell} here");
            return [];
        }
    }
}
