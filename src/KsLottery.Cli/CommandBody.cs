using System.CommandLine;
using System.Runtime.InteropServices;

namespace KsLottery.Cli;

/// <summary>Runs a command: its console, Ctrl-C, and what becomes of its exceptions.</summary>
internal static class CommandBody
{
    /// <summary>Prints one JSON object to stdout instead of text.</summary>
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object to stdout instead of tables.",
        Recursive = true,
    };

    /// <summary>Keeps progress and remarks from stderr.</summary>
    public static readonly Option<bool> Quiet = new("--quiet", "-q")
    {
        Description = "No progress and no remarks on stderr; errors still appear.",
        Recursive = true,
    };

    /// <summary>Gives a command what it does.</summary>
    /// <param name="command">The command.</param>
    /// <param name="run">Does it: arguments, console, and a token that Ctrl-C cancels; returns an <see cref="ExitCode"/>.</param>
    public static void SetBody(this Command command, Func<ParseResult, ConsoleUi, CancellationToken, int> run) =>
        command.SetAction(arguments =>
        {
            using ConsoleUi ui = new(arguments.GetValue(Json), arguments.GetValue(Quiet));
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
