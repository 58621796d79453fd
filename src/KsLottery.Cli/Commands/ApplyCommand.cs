using System.CommandLine;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery apply</c> and <c>kslottery revert</c>: puts a patch's rows into a checkpoint, and takes them out again.</summary>
internal static class ApplyCommand
{
    /// <summary>Makes <c>apply</c>.</summary>
    public static Command CreateApply()
    {
        Command command = new("apply",
            "Partial Transfer: writes the base with the rows of a patch in place of its own; refuses a base that drifted.");
        ApplyOptions.AddToApply(command);
        command.SetBody((arguments, ui, cancel) => Apply(ApplyOptions.FromApply(arguments), ui, cancel));
        return command;
    }

    /// <summary>Makes <c>revert</c>.</summary>
    public static Command CreateRevert()
    {
        Command command = new("revert",
            "Takes the rows of a patch out again: the tensor gets the base's exact bytes, all else stays as found.");
        ApplyOptions.AddToRevert(command);
        command.SetBody((arguments, ui, cancel) => Revert(ApplyOptions.FromRevert(arguments), ui, cancel));
        return command;
    }

    private static int Apply(ApplyOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (AdaptedCheckpoint.IsAdapter(options.Patch)) return Merge(options, ui, cancel);
        PatchResult result;
        using (ProgressLine line = ui.StartProgress())
            result = PatchApplication.Apply(options.Checkpoint, options.Patch, options.Out, options.How, line.Of<PatchProgress>(Describe),
                cancel);
        PatchReport.Write(ui, "base", options.Checkpoint, result);
        return ExitCode.Ok;
    }

    private static int Revert(ApplyOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.Patches.Length > 1)
        {
            MergeResult several;
            using (ProgressLine line = ui.StartProgress())
                several = PatchMerging.Revert(options.Checkpoint, options.Patches, options.Out, options.How.Reading,
                    line.Of<PatchProgress>(Describe), cancel);
            MergeReport.Write(ui, "merged", options.Checkpoint, options.Patches, several);
            return ExitCode.Ok;
        }
        PatchResult result;
        using (ProgressLine line = ui.StartProgress())
            result = PatchApplication.Revert(options.Checkpoint, options.Patch, options.Out, options.How.Reading,
                line.Of<PatchProgress>(Describe), cancel);
        PatchReport.Write(ui, "patched", options.Checkpoint, result);
        return ExitCode.Ok;
    }

    private static int Merge(ApplyOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.How.ResizeAs is not null)
            throw new CommandException(ExitCode.Usage, "--resize belongs to a patch: an adapter brings its own vocabulary where it has "
                + "another.");
        AdapterResult result;
        using (ProgressLine line = ui.StartProgress())
            result = AdapterApplication.Apply(options.Checkpoint, options.Patch, options.Out, options.How,
                line.Of<PatchProgress>(Describe), cancel);
        PatchReport.Write(ui, options.Checkpoint, result);
        return ExitCode.Ok;
    }

    /// <summary>How far a file is.</summary>
    public static string Describe(PatchProgress value) =>
        $"writing {value.File}: {Sizes.Bytes(value.BytesDone)} of {Sizes.Bytes(value.ByteCount)}";
}
