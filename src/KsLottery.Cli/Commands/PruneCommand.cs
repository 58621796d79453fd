using System.CommandLine;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery prune</c>: writes a checkpoint with the weights zero that count least.</summary>
internal static class PruneCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Command command = new("prune",
            "Writes a checkpoint with the weights zero that count least, by default of all matrices of attention and feed-forward blocks; "
            + "or measures what each sparsity costs.");
        PruneOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(PruneOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(PruneOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.Sweep is { } sweep) return SweepCommand.Run(sweep, ui, cancel);
        PruneResult result;
        using (ProgressLine line = ui.StartProgress())
        {
            line.Report(() => "scoring weights");
            result = ModelPruning.Prune(options.Model, options.Out, options.Recipe, options.Ticket, options.Reading,
                line.Of<PatchProgress>(ApplyCommand.Describe), cancel);
        }
        PruneReport.Write(ui, options, result);
        return ExitCode.Ok;
    }
}
