using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using KsLottery.Cli;
using KsLottery.Engine.Ranks;

NativeImages.HandOver(args);
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
    if (arguments.Action is not ParseErrorAction) return arguments.Invoke(configuration);

    // All ranks were given the same: one of them says what is wrong with it.
    if (Launcher.Find() is { Rank: > 0 }) return Failure.LeaveToFirst(ExitCode.Usage);
    using ConsoleUi ui = new(args.Contains(Options.Json.Name), quiet: false);
    string verbs = "";
    for (SymbolResult? at = arguments.CommandResult; at is CommandResult { Command: var command } && command != root; at = at.Parent)
        verbs = $"{command.Name} {verbs}";
    return Failure.Report(UsageErrors.Of(arguments, args), $"See kslottery {verbs}--help.", ui);
}
catch (Exception e)
{
    using ConsoleUi ui = new(json: false, quiet: false);
    return Failure.Report(e, ui);
}
