using System.CommandLine;
using System.Diagnostics;
using KsLottery.Demo;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery demo</c>: the paper's experiment from nothing; or the tools alone, on a pair whose answer is known.</summary>
internal static class DemoCommand
{
    private static readonly Option<string> LanguageOption = new Option<string>("--language")
    {
        Description = "The language that the experiment translates to, from English.",
        DefaultValueFactory = _ => Language.German.Name.ToLowerInvariant(),
    }.AcceptOnlyFromAmong([.. Language.All.Skip(1).Select(t => t.Name.ToLowerInvariant())]);

    private static readonly Option<bool> Quick = new("--quick") { Description = "A tenth of the training: shows the way in seconds, and says nothing about tickets." };

    private static readonly Option<bool> Pair = new("--pair")
    {
        Description = "No training: find, apply, verify, revert and export on a pair with planted rows, each answer checked, in a second.",
    };

    private static readonly Option<string?> Keep = new("--keep")
    {
        Description = "Keep the files in this new folder instead of a temporary one.",
        HelpName = "DIR",
    };

    public static Command Create()
    {
        Command command = new("demo",
            "Runs the paper's experiment from nothing in minutes: a base, Embed Tuning, the ticket, Partial Transfer, Partial Tuning and the controls.")
        {
            LanguageOption, Quick, Pair, Keep,
        };
        DeviceOption.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Pair) && (result.GetValue(Quick) || result.GetResult(LanguageOption) is { Implicit: false }))
                result.AddError("--pair trains nothing: leave --language and --quick out.");
        });
        command.SetBody((arguments, ui, cancel) => Run(arguments.GetValue(Keep), ui, (folder, isKept) =>
        {
            long started = Stopwatch.GetTimestamp();
            string? kept = isKept ? arguments.GetValue(Keep) : null;
            if (arguments.GetValue(Pair)) new DemoPairReport(folder, kept ?? "", ui, cancel).Run(Elapsed);
            else RunExperiment(arguments, folder, kept, Elapsed, ui, cancel);

            TimeSpan Elapsed() => Stopwatch.GetElapsedTime(started);
        }));
        return command;
    }

    /// <summary>Works in the folder to keep, or in a temporary one; what fails leaves nothing behind.</summary>
    private static int Run(string? keep, ConsoleUi ui, Action<string, bool> work)
    {
        if (keep is not null && (File.Exists(keep) || (Directory.Exists(keep) && Directory.EnumerateFileSystemEntries(keep).Any())))
            throw new IOException($"{keep}: it exists and is no empty folder. Name a new folder to keep the files in.");
        string folder = keep is null ? Directory.CreateTempSubdirectory("kslottery-demo-").FullName : Directory.CreateDirectory(keep).FullName;
        bool isKept = false;
        try
        {
            work(folder, keep is not null);
            isKept = keep is not null;
            return ExitCode.Ok;
        }
        finally
        {
            if (!isKept) Directory.Delete(folder, recursive: true);
        }
    }

    private static void RunExperiment(ParseResult arguments, string folder, string? kept, Func<TimeSpan> elapsed, ConsoleUi ui, CancellationToken cancel)
    {
        Language target = Language.All.First(t => t.Name.Equals(arguments.GetValue(LanguageOption), StringComparison.OrdinalIgnoreCase));
        DemoSettings settings = arguments.GetValue(Quick) ? DemoSettings.Quick(target) : new(target);
        using ComputeDevice device = DeviceOption.From(arguments).Open(DeviceWork.Model);
        new DemoExperimentReport(settings, folder, device, ui, cancel).Run(kept, elapsed);
    }
}
