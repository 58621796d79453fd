using System.CommandLine;
using System.CommandLine.Parsing;

namespace KsLottery.Cli;

/// <summary>What holds for the arguments of every command: an option stands once, its value is no other option, and no path is
/// empty.</summary>
/// <remarks>
/// The parser takes whatever follows an option for its value, so that <c>--out --json</c> names a folder <c>--json</c>. Such a value must
/// be written <c>--out=--json</c>; only a <see cref="FreeTextOption{T}"/> takes it as it is.
/// </remarks>
/// <param name="arguments">The arguments as they were typed.</param>
internal sealed class ArgumentRules(IReadOnlyList<string> arguments)
{
    private const string Mark = "--";

    /// <summary>What the help calls the values of options that are paths.</summary>
    private static readonly string[] PathNames = ["DIR", "FILE", "PATH", "PAIRS"];

    /// <summary>Gives the rules to a command and all below it, before the command's own; to be called when every command is
    /// complete.</summary>
    public void AddTo(Command command)
    {
        Action<CommandResult>[] own = [.. command.Validators];
        command.Validators.Clear();
        command.Validators.Add(result =>
        {
            bool isSound = true;
            foreach (OptionResult option in Options(result)) isSound &= Check(option, result);
            foreach (ArgumentResult argument in result.Children.OfType<ArgumentResult>())
                isSound &= CheckNotEmpty(argument.Argument.Name, argument, result);
            foreach (Token token in result.Tokens) isSound &= CheckPositional(token.Value, result);
            // A value that cannot be converted is told by the parser, and throws where a rule of the command asks for it.
            if (!isSound || !Options(result).All(CanConvert)) return;
            foreach (Action<CommandResult> check in own) check(result);
        });
        foreach (Command child in command.Subcommands) AddTo(child);
    }

    private static IEnumerable<OptionResult> Options(CommandResult result)
    {
        for (CommandResult? at = result; at is not null; at = at.Parent as CommandResult)
            foreach (OptionResult option in at.Children.OfType<OptionResult>().Where(option => !option.Implicit)) yield return option;
    }

    private bool Check(OptionResult result, CommandResult command)
    {
        if (result.IdentifierTokenCount > 1 && result.Option.Arity.MaximumNumberOfValues < ArgumentArity.ZeroOrMore.MaximumNumberOfValues)
        {
            result.AddError($"{result.Option.Name} is given {result.IdentifierTokenCount} times; give it once.");
            return false;
        }
        if (result.Option is IFreeText) return true;
        if (PathNames.Contains(result.Option.HelpName) && !CheckNotEmpty(result.Option.Name, result, result)) return false;
        foreach (string value in result.Tokens.Select(token => token.Value).Where(value => LooksLikeOption(value, command)))
        {
            if (IsJoined(result.Option, value)) continue;
            result.AddError($"{result.Option.Name} lacks its value: {ConsoleUi.OneLine(value)} behind it looks like an option. "
                + $"Give a value, or write {result.Option.Name}={ConsoleUi.OneLine(value)} where that is meant.");
            return false;
        }
        return true;
    }

    private static bool CheckNotEmpty(string name, SymbolResult values, SymbolResult result)
    {
        if (values.Tokens.All(token => token.Value.Length > 0)) return true;
        result.AddError($"{name} is empty; give the path of a file or folder.");
        return false;
    }

    private bool CheckPositional(string value, CommandResult result)
    {
        if (!value.StartsWith(Mark, StringComparison.Ordinal) || IsBehindMark(value)) return true;
        result.AddError($"{ConsoleUi.OneLine(value)} is no option of {result.Command.Name}."
            + UsageErrors.Suggest(value.Split('=', ':')[0], UsageErrors.OptionNames(result))
            + $" Correct its name, or write {Mark} {ConsoleUi.OneLine(value)} where a path is meant.");
        return false;
    }

    private static bool LooksLikeOption(string value, CommandResult command) =>
        value.StartsWith(Mark, StringComparison.Ordinal) || (value.StartsWith('-') && IsShortName(value, command));

    private static bool IsShortName(string value, CommandResult result)
    {
        for (CommandResult? at = result; at is not null; at = at.Parent as CommandResult)
            if (at.Command.Options.Any(option => option.Aliases.Contains(value))) return true;
        return false;
    }

    /// <summary>Whether name and value were typed as one word.</summary>
    private bool IsJoined(Option option, string value) => arguments.Any(word =>
        word.Length > value.Length && word.EndsWith(value, StringComparison.Ordinal) && word[^(value.Length + 1)] is '=' or ':'
        && word[..^(value.Length + 1)] is var name && (name == option.Name || option.Aliases.Contains(name)));

    private bool IsBehindMark(string value) =>
        arguments.TakeWhile(word => word != Mark).Count() is var mark && arguments.Skip(mark + 1).Contains(value);

    private static bool CanConvert(OptionResult result)
    {
        try
        {
            result.GetValueOrDefault<object?>();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
