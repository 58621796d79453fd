using System.CommandLine;
using System.Runtime.InteropServices;

namespace KsLottery.Cli;

/// <summary>Runs a command: its console, Ctrl-C, and what becomes of its exceptions.</summary>
internal static class CommandBody
{
    /// <summary>Gives a command options, in the order of its help.</summary>
    public static void Add(this Command command, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options) command.Add(option);
    }

    /// <summary>Gives a command arguments, in their order.</summary>
    public static void Add(this Command command, params ReadOnlySpan<Argument> arguments)
    {
        foreach (Argument argument in arguments) command.Add(argument);
    }

    /// <summary>Gives a command what it does.</summary>
    /// <param name="command">The command.</param>
    /// <param name="run">Does it: arguments, console, and a token that Ctrl-C cancels; returns an <see cref="ExitCode"/>.</param>
    public static void SetBody(this Command command, Func<ParseResult, ConsoleUi, CancellationToken, int> run) =>
        command.SetAction(arguments =>
        {
            using ConsoleUi ui = new(arguments.GetValue(Options.Json), arguments.GetValue(Options.Quiet));
            using CancellationTokenSource cancel = new();
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            try
            {
                return run(arguments, ui, cancel.Token);
            }
            catch (Exception e)
            {
                return Failure.Report(e, ui);
            }

            // A second signal ends a process that does not listen.
            void Stop(PosixSignalContext signal)
            {
                signal.Cancel = !cancel.IsCancellationRequested;
                cancel.Cancel();
            }
        });
}
