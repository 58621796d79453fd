using System.CommandLine;

namespace KsLottery.Cli;

/// <summary><c>kslottery completion</c>: what a shell needs to complete the command line.</summary>
/// <remarks>The scripts ask the tool itself, by its parser's directive <c>[suggest:N]</c>: no list in them grows old.</remarks>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            # For one session: source <(kslottery completion bash). For all: the same line in ~/.bashrc.
            _kslottery() {
                local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT}
                COMPREPLY=($(compgen -W "$(kslottery "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _kslottery kslottery
            """,
        ["fish"] = """
            # For one session: kslottery completion fish | source. For all: into ~/.config/fish/completions/kslottery.fish.
            function __kslottery
                set -l line (commandline --current-process --cut-at-cursor | string collect)
                kslottery "[suggest:"(string length -- $line)"]" $line 2>/dev/null
            end
            complete --command kslottery --arguments '(__kslottery)'
            """,
        ["pwsh"] = """
            # For one session: kslottery completion pwsh | Out-String | Invoke-Expression. For all: the same line in $PROFILE.
            Register-ArgumentCompleter -Native -CommandName kslottery -ScriptBlock {
                param($word, $ast, $position)
                $line = $ast.ToString().PadRight($position - $ast.Extent.StartOffset)
                kslottery "[suggest:$($line.Length)]" $line 2>$null | Where-Object { $_.StartsWith($word) } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
        ["zsh"] = """
            #compdef kslottery
            # For one session: source <(kslottery completion zsh), after compinit. For all: as _kslottery into a folder of $fpath.
            _kslottery() {
                local line=${BUFFER[1,CURSOR]}
                local -a found=(${(f)"$(kslottery "[suggest:${#line}]" "$line" 2>/dev/null)"})
                compadd -a found || _files
            }
            if [ "$funcstack[1]" = _kslottery ]; then _kslottery "$@"; else compdef _kslottery kslottery; fi
            """,
    };

    private static readonly Argument<string> ShellArgument = new Argument<string>("SHELL")
    {
        Description = $"The shell: {string.Join(", ", Scripts.Keys)}.",
        HelpName = "SHELL",
    }.Among(null, [.. Scripts.Keys]);

    public static Command Create()
    {
        Command command = new("completion", "Prints a script that lets a shell complete commands, options and their values.");
        command.Add(ShellArgument);
        command.SetBody((arguments, ui, _) =>
        {
            string shell = arguments.GetRequiredValue(ShellArgument), script = Scripts[shell];
            ui.WriteText(script);
            ui.WriteJson(json =>
            {
                json.WriteString("shell", shell);
                json.WriteString("script", script);
            });
            return ExitCode.Ok;
        }, RankUse.EachAlone);
        return command;
    }
}
