using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using KsLottery.Cli;
using KsLottery.Cli.Commands;

RootCommand root = new("Which embedding rows did this fine-tune change? Finds, exports and applies winning tickets.")
{
    CommandBody.Json,
    CommandBody.Quiet,
    FindCommand.Create(),
    DemoCommand.Create(),
    ApplyCommand.CreateApply(),
    ApplyCommand.CreateRevert(),
    ExportCommand.Create(),
    InspectCommand.Create(),
    DevicesCommand.Create(),
    BenchCommand.Create(),
};
root.SetAction(arguments =>
{
    new HelpAction().Invoke(arguments);
    return ExitCode.Usage;
});

// An argument that begins with @ may be a path or a tensor's name: it is no response file.
ParseResult arguments = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
if (arguments.Action is ParseErrorAction error)
{
    // Stdout is for results: what is wrong with the arguments, and what they may have meant, goes to stderr.
    error.ShowHelp = false;
    configuration.Output = Console.Error;
}
return arguments.Invoke(configuration);
