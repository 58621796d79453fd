using System.CommandLine;
using System.Diagnostics;
using KsLottery.Demo;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Cli;

/// <summary><c>kslottery demo</c>: the paper's experiment from nothing; or the tools alone, on a pair whose answer is known.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Command command = new("demo",
            "Runs the paper's experiment from nothing in minutes: a base, Embed Tuning, the ticket, Partial Transfer, Partial Tuning "
            + "and the controls.");
        DemoOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(DemoOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(DemoOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        if (options.Keep is null && !options.Pair) ui.Remark("note: what is made here is deleted at the end; --keep DIR keeps it.");
        return Run(options.Keep, folder =>
        {
            if (options.Pair) new DemoPairReport(folder, options.Keep ?? "", ui, cancel).Run(Elapsed);
            else RunExperiment(options, folder, Elapsed, ui, cancel);
        });

        TimeSpan Elapsed() => Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Works in the folder to keep, or in a temporary one; what fails leaves nothing behind.</summary>
    private static int Run(string? keep, Action<string> work)
    {
        if (keep is not null && (File.Exists(keep) || (Directory.Exists(keep) && Directory.EnumerateFileSystemEntries(keep).Any())))
            throw new IOException($"{keep}: it exists and is no empty folder. Name a new folder to keep the files in.");
        string folder = keep is null ? Directory.CreateTempSubdirectory("kslottery-demo-").FullName
            : Directory.CreateDirectory(keep).FullName;
        bool isKept = false;
        try
        {
            work(folder);
            isKept = keep is not null;
            return ExitCode.Ok;
        }
        finally
        {
            if (!isKept) Directory.Delete(folder, recursive: true);
        }
    }

    private static void RunExperiment(DemoOptions options, string folder, Func<TimeSpan> elapsed, ConsoleUi ui, CancellationToken cancel)
    {
        DemoSettings settings = options.Quick ? DemoSettings.Quick(options.Target) : new(options.Target);
        using ComputeDevice device = options.Device.Open(DeviceWork.Model);
        new DemoExperimentReport(settings, folder, device, ui, cancel).Run(options.Keep, elapsed);
    }
}
