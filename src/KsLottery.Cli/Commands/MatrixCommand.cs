using System.Diagnostics;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Operations;

namespace KsLottery.Cli;

/// <summary><c>kslottery eval --matrix FILE</c>: every model on every test.</summary>
internal static class MatrixCommand
{
    /// <summary>Runs a report card with progress on stderr.</summary>
    /// <param name="file">What declares it.</param>
    /// <param name="folder">Where it goes.</param>
    /// <param name="isResumed">Whether the folder may hold a part of it.</param>
    /// <param name="where">Where it runs.</param>
    /// <param name="ui">The console.</param>
    /// <param name="cancel">Stops it.</param>
    public static void Run(string file, string folder, bool isResumed, DeviceOption where, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a new folder for the output.");
        if (!isResumed && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"{folder}: the folder is not empty. Name a new one, or go on with what is in it (--resume).");
        MatrixPlan plan = MatrixFile.Read(file);
        using ComputeDevice device = where.Open(DeviceWork.Model);
        MatrixResult result;
        using (ProgressLine line = ui.StartProgress())
            try
            {
                result = MatrixRun.Run(plan, folder, device, line.Of<MatrixProgress>(Describe), cancel);
            }
            catch (OperationCanceledException e)
            {
                throw new CommandException(ExitCode.Cancelled,
                    $"cancelled; finished cells stand in {folder}. Go on by the same command with --resume.", e);
            }
        foreach (string note in result.Notes) ui.Remark($"note: {note}");
        new MatrixReport(result, ui).Write(
            $"{NumberText.Seconds(Stopwatch.GetElapsedTime(started))}; everything stands in {ConsoleUi.OneLine(folder)}");
    }

    private static string Describe(MatrixProgress value) => $"cell {Sizes.Count(value.Cell)} of {Sizes.Count(value.CellCount)}, "
        + ConsoleUi.OneLine($"{value.Model} on {value.Test}: {EvalCommand.Describe(value.Evaluation)}");
}
