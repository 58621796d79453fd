using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>What is wrong with the arguments, each problem in a sentence of this tool's own.</summary>
/// <remarks>The parser's own sentences name neither the allowed values nor the next step, and guess at each word by itself.</remarks>
internal static class UsageErrors
{
    private static readonly string[] Replaced = ["Unrecognized command or argument '", "Required argument '", "Required command was not"];

    /// <summary>The problems of some arguments, at least one where they have errors.</summary>
    /// <param name="result">The arguments as they were understood.</param>
    /// <param name="arguments">The arguments as they were typed.</param>
    public static IReadOnlyList<string> Of(ParseResult result, IReadOnlyList<string> arguments)
    {
        List<string> problems = [.. Strangers(result, arguments), .. result.Errors.Select(e => e.Message).Where(IsOwn)];
        // Whoever mistyped an option need not be told what they have typed behind it.
        if (problems.Count == 0) problems.AddRange(Missing(result.CommandResult));
        return problems.Count > 0 ? problems : [.. result.Errors.Select(e => e.Message)];
    }

    /// <summary>A rule that lets an option or argument take some words alone.</summary>
    /// <param name="name">The option's or the argument's name.</param>
    /// <param name="defaultValue">What it is where it is not given; null where there is none to tell.</param>
    /// <param name="values">The words.</param>
    public static Action<SymbolResult> Among(string name, string? defaultValue, IReadOnlyList<string> values) => result =>
    {
        foreach (Token token in result.Tokens.Where(token => !values.Contains(token.Value)))
            result.AddError($"{name} is {ConsoleUi.OneLine(token.Value)}; allowed are "
                + $"{string.Join(", ", values.Select(v => v == defaultValue ? $"{v} (the default)" : v))}.{Suggest(token.Value, values)}");
    };

    /// <summary>A sentence with the one name that a word may have meant, a blank before it; empty where none is near.</summary>
    public static string Suggest(string word, IEnumerable<string> names) =>
        NearNames.Closest(word, names) is { } name ? $" Did you mean {name}?" : "";

    /// <summary>The names of a command's options and of those above it.</summary>
    public static IEnumerable<string> OptionNames(CommandResult result)
    {
        for (CommandResult? at = result; at is not null; at = at.Parent as CommandResult)
            foreach (Option option in at.Command.Options.Where(option => !option.Hidden && (at == result || option.Recursive)))
                yield return option.Name;
    }

    private static bool IsOwn(string message) => !Replaced.Any(start => message.StartsWith(start, StringComparison.Ordinal))
        && !(message.StartsWith("Option '", StringComparison.Ordinal) && message.EndsWith("' is required.", StringComparison.Ordinal));

    private static IEnumerable<string> Strangers(ParseResult result, IReadOnlyList<string> arguments)
    {
        CommandResult command = result.CommandResult;
        string name = command.Command.Name, before = "";
        foreach (string word in result.UnmatchedTokens)
        {
            bool isValue = before.Length > 0 && arguments.Zip(arguments.Skip(1)).Contains((before, word)) && word[0] != '-';
            before = word.StartsWith('-') ? word : "";
            string shown = ConsoleUi.OneLine(before.Length > 0 ? word.Split('=', ':')[0] : word);
            if (before.Length > 0)
                yield return $"{shown} is no option{(command.Parent is null ? "" : $" of {name}")}.{Suggest(shown, OptionNames(command))}";
            else if (isValue) continue;
            else if (command.Command.Subcommands.Any())
                yield return $"{shown} is no command{(command.Parent is null ? "" : $" of {name}")}."
                    + Suggest(word, command.Command.Subcommands.Where(child => !child.Hidden).Select(child => child.Name));
            else
                yield return $"{shown} is one argument too many: {name} takes "
                    + $"{(command.Command.Arguments is { Count: > 0 } some ? string.Join(", ", some.Select(a => a.Name)) : "none")}.";
        }
    }

    private static IEnumerable<string> Missing(CommandResult result)
    {
        foreach (Argument argument in result.Command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues
            > (result.GetResult(argument)?.Tokens.Count ?? 0)))
            yield return $"{argument.Name} is missing. {argument.Description}";
        foreach (Option option in result.Command.Options.Where(one => one.Required && result.GetResult(one) is not { Implicit: false }))
            yield return $"{option.Name}{(option.HelpName is { } value ? $" {value}" : "")} is missing. {option.Description}";
        if (result.Command.Subcommands.Any() && result.Command.Action is null)
            yield return $"{result.Command.Name} needs a command: {string.Join(" or ", result.Command.Subcommands.Select(c => c.Name))}.";
    }
}
