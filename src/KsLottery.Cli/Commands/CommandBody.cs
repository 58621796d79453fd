using System.CommandLine;
using System.Runtime.InteropServices;
using KsLottery.Engine.Ranks;

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
    /// <param name="use">What becomes of it where a launcher started it several times.</param>
    public static void SetBody(this Command command, Func<ParseResult, ConsoleUi, CancellationToken, int> run,
        RankUse use = RankUse.None) =>
        command.SetAction(arguments => Run(arguments, use, (ui, _, cancel) => run(arguments, ui, cancel)));

    /// <summary>The same of a command whose work several processes share: all of them run it, and the first speaks and writes.</summary>
    public static void SetBody(this Command command, Func<ParseResult, ConsoleUi, RankGroup, CancellationToken, int> run) =>
        command.SetAction(arguments => Run(arguments, RankUse.Together, (ui, ranks, cancel) => run(arguments, ui, ranks, cancel)));

    private static int Run(ParseResult arguments, RankUse use, Func<ConsoleUi, RankGroup, CancellationToken, int> run)
    {
        using ConsoleUi ui = new(arguments.GetValue(Options.Json), arguments.GetValue(Options.Quiet));
        using CancellationTokenSource cancel = new();
        int signals = 0;
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        RankGroup ranks;
        try
        {
            ranks = JoinedRanks.Join(arguments, use, cancel.Token);
        }
        catch (Exception e)
        {
            return Failure.ReportUnjoined(e, ui);
        }
        try
        {
            ui.IsMute = !ranks.Writes;
            using CancellationTokenRegistration stopped = ranks.Stopped.Register(cancel.Cancel);
            JoinedRanks.ThrowIfDifferent(ranks, arguments);
            foreach (string remark in JoinedRanks.Remarks(ranks, arguments)) ui.Remark($"note: {remark}");
            int code = run(ui, ranks, cancel.Token);
            ranks.Dispose();
            return code;
        }
        catch (Exception e)
        {
            return Failure.Report(e, ranks, ui);
        }

        // A second signal ends a process that does not listen. The token says nothing of signals: another rank may have cancelled it.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = Interlocked.Increment(ref signals) == 1;
            cancel.Cancel();
        }
    }
}
