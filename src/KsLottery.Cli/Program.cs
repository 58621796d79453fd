using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using KsLottery.Cli;

#if ILGPU
KsLottery.Engine.Ilgpu.IlgpuDevices.Register();
#else
KsLottery.Engine.Devices.DeviceCatalog.Register(new AbsentIlgpu());
#endif

Terminal.Claim();
try
{
    RootCommand root = CommandTree.Create(args);
    // An argument that begins with @ may be a path or a tensor's name: it is no response file.
    ParseResult arguments = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    if (arguments.Action is not ParseErrorAction error) return arguments.Invoke(configuration);

    // Stdout is for results: what is wrong with the arguments, and what they may have meant, goes to stderr.
    error.ShowHelp = false;
    configuration.Output = Console.Error;
    arguments.Invoke(configuration);
    string verbs = "";
    for (SymbolResult? at = arguments.CommandResult; at is CommandResult { Command: var command } && command != root; at = at.Parent)
        verbs = $"{command.Name} {verbs}";
    Console.Error.WriteLine($"See kslottery {verbs}--help.");
    return ExitCode.Usage;
}
catch (Exception e)
{
    using ConsoleUi ui = new(json: false, quiet: false);
    return Failure.Report(e, ui);
}
