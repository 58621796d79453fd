using System.CommandLine;
using System.CommandLine.Help;

namespace KsLottery.Cli;

/// <summary><c>kslottery help COMMAND</c>: what <c>kslottery COMMAND --help</c> prints.</summary>
internal static class HelpCommand
{
    private static readonly Argument<string[]> CommandArgument = new("COMMAND")
    {
        Description = "The command, and the one below it where there is one; none for the list of all.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create(RootCommand root)
    {
        Command command = new("help", "Prints the help of a command.");
        CommandArgument.CompletionSources.Clear();
        CommandArgument.CompletionSources.Add(_ => root.Subcommands.Where(child => child != command)
            .Select(child => new System.CommandLine.Completions.CompletionItem(child.Name)));
        command.Add(CommandArgument);
        command.SetAction(arguments =>
        {
            Command at = root;
            foreach (string name in arguments.GetValue(CommandArgument)!)
                at = at.Subcommands.FirstOrDefault(child => child.Name == name)
                    ?? throw new CommandException(ExitCode.Usage, $"{ConsoleUi.OneLine(name)} is no command"
                        + $"{(at == root ? "" : $" of {at.Name}")}. {Known(at)}"
                        + UsageErrors.Suggest(name, at.Subcommands.Where(child => !child.Hidden).Select(child => child.Name)));
            return new HelpAction().Invoke(root.Parse([.. Path(at), root.Options.OfType<HelpOption>().Single().Name]));
        });
        return command;
    }

    private static string Known(Command at) => at.Subcommands.Count == 0 ? $"See kslottery {at.Name} --help."
        : $"There are {string.Join(", ", at.Subcommands.Select(child => child.Name))}.";

    private static IEnumerable<string> Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. Path(parent), command.Name] : [];
}
