using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Reports;

namespace KsLottery.Cli;

/// <summary><c>kslottery experiment FILE</c>: what a ticket is worth, against every control, with several seeds.</summary>
internal static class ExperimentCommand
{
    public static Command Create()
    {
        Command command = new("experiment",
            "Runs a declared experiment: full, embedding, ticket, transfer and the controls with the same steps and data order, over "
            + "seeds; can be stopped at any moment and resumed; several processes with one --out and --resume share its arms.");
        ExperimentOptions.AddTo(command);
        command.SetBody((arguments, ui, ranks, cancel) => Run(ExperimentOptions.From(arguments), ranks, ui, cancel));
        return command;
    }

    /// <summary>Runs an experiment with progress on stderr, and words a cancellation.</summary>
    /// <param name="run">The experiment.</param>
    /// <param name="folder">Where it goes.</param>
    /// <param name="cancel">Stops it.</param>
    public static void Run(ExperimentRun run, string folder, CancellationToken cancel)
    {
        try
        {
            run.Run(cancel);
        }
        catch (OperationCanceledException e)
        {
            throw new CommandException(ExitCode.Cancelled,
                $"cancelled; the experiment stands in {folder} as far as it came. Go on by the same command with --resume.", e);
        }
    }

    private static int Run(ExperimentOptions options, RankGroup ranks, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        string folder = options.Out;
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a new folder for the output.");
        if (!options.Resume && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"{folder}: the folder is not empty. Name a new one, or go on with the experiment in it (--resume).");
        if (options.Parts.Count > 0) JoinedRanks.ThrowIfSeveral(ranks, "experiment --collect");
        // The first begins in the folder once all have looked at it.
        ranks.Barrier();
        ExperimentPlan plan = ExperimentFile.Read(options.File);
        if (options.PartIsOfArray)
            ui.Remark($"note: this task of a Slurm job array runs part {options.Part} of the experiment; --part 1/1 would run all of it");
        using ComputeDevice device = options.Device.Open(DeviceWork.Model);
        using ExperimentConsole console = new(ui, plan, options.Part);
        using ExperimentRun run = new(plan, folder, device, console) { Part = options.Part, Ranks = ranks };
        Reading.Remark(ui, run.Notes);
        foreach (string remark in run.Tokenizer.Remarks) ui.Remark($"note: {remark}");
        StopOptions.Remark(ui, run.Stops, run.Tokenizer);
        if (options.Parts.Count > 0) run.Collect(options.Parts, cancel);
        else Run(run, folder, cancel);
        if (!ranks.Writes) return ExitCode.Ok;
        if (options.Html is { } page)
            Report.FromFolder(folder, new() { Origin = options.Origin }, cancel).WritePage(page, options.Resume, cancel);
        new ExperimentReport(run, ui)
            .Write($"{NumberText.Seconds(Stopwatch.GetElapsedTime(started))}; everything stands in {ConsoleUi.OneLine(folder)}");
        return ExitCode.Ok;
    }
}
