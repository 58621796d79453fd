using System.CommandLine;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery merge</c>: puts the changes of several patches into one base.</summary>
internal static class MergeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Command command = new("merge",
            "Puts the changes of several patches into one base: sums, task arithmetic, TIES or grafts. revert takes them out again.");
        MergeOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(MergeOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(MergeOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        ThrowIfUnfit(options);
        // Who reads it may break off before anything is written. Of JSON there is one piece, at the end: there it is counted while
        // windows are merged, in less time.
        bool isRead = !ui.IsJson;
        MergeResult result;
        using (ProgressLine line = ui.StartProgress())
            result = PatchMerging.Merge(options.Base, options.Patches, options.Out, options.Recipe, options.How,
                isRead ? Tell : null, line.Of<PatchProgress>(ApplyCommand.Describe), cancel);
        if (!isRead) Tell(result.Overlap!);
        MergeReport.Write(ui, "base", options.Base, options.Patches, result);
        return ExitCode.Ok;

        void Tell(MergeOverlap overlap)
        {
            MergeReport.WriteOverlap(ui, options.Patches, overlap);
            ui.Flush();
        }
    }

    /// <summary>Options that do not fit each other are an error of usage; what is wrong with a file is another.</summary>
    private static void ThrowIfUnfit(MergeOptions options)
    {
        try
        {
            options.Recipe.ThrowIfUnfit(options.Patches.Length);
        }
        catch (ArgumentException fault)
        {
            throw new CommandException(ExitCode.Usage, fault.Message);
        }
    }
}
