using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reports;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery experiment FILE</c>: what a ticket is worth, against every control, with several seeds.</summary>
internal static class ExperimentCommand
{
    private static readonly Argument<string> FileArgument = new("FILE")
    {
        Description = "The experiment: a JSON file with base, tasks, seeds, arms and one budget for all; the README shows one, demo --keep writes one.",
    };
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "The folder for everything: a new or empty one, or with --resume that of an earlier run.",
        HelpName = "DIR",
        Required = true,
    };
    private static readonly Option<bool> Resume = new("--resume")
    {
        Description = "Go on in --out: what is done there with the same settings is not done again; arms and seeds may have been added.",
    };

    private static readonly Option<string> PartOption = new("--part")
    {
        Description = "Run part I of N: every N-th pair of seed and task, from the I-th, with all its arms, so that parts need no common folder.",
        HelpName = "I/N",
    };
    private static readonly Option<string[]> Collect = new("--collect")
    {
        Description = "Compute nothing: gather the parts in these folders into --out, a new one, and show the whole.",
        HelpName = "DIR",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    public static Command Create()
    {
        Command command = new("experiment",
            "Runs a declared experiment: full, embedding, ticket, transfer and the controls with the same steps and data order, over seeds; can be "
            + "stopped at any moment and resumed; several processes with one --out and --resume share its arms.")
        {
            FileArgument, Out, Resume, PartOption, Collect,
        };
        HtmlOption.AddTo(command);
        DeviceOption.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Collect) is not null && (result.GetValue(Resume) || result.GetResult(PartOption) is not null))
                result.AddError("--collect computes nothing: leave --resume and --part out.");
            if (result.GetValue(PartOption) is { } part && !ExperimentPart.TryParse(part, out _))
                result.AddError($"--part is {part}; it must be I/N, whole numbers with I from 1 to N, such as 2/8.");
        });
        command.SetBody(Run);
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

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        string folder = arguments.GetRequiredValue(Out);
        bool isResumed = arguments.GetValue(Resume);
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a new folder for the output.");
        if (!isResumed && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"{folder}: the folder is not empty. Name a new one, or go on with the experiment in it (--resume).");
        string? page = HtmlOption.From(arguments, replace: isResumed);
        ExperimentPlan plan = ExperimentFile.Read(arguments.GetRequiredValue(FileArgument));
        using ComputeDevice device = DeviceOption.From(arguments).Open(DeviceWork.Model);
        ExperimentPart part = arguments.GetValue(PartOption) is { } text && ExperimentPart.TryParse(text, out ExperimentPart given)
            ? given : ExperimentPart.Whole;
        using ExperimentConsole console = new(ui, plan, part);
        using ExperimentRun run = new(plan, folder, device, console) { Part = part };
        foreach (string remark in run.Tokenizer.Remarks) ui.Remark($"note: {remark}");
        StopOptions.Remark(ui, run.Stops, run.Tokenizer);
        if (arguments.GetValue(Collect) is { Length: > 0 } parts) run.Collect(parts, cancel);
        else Run(run, folder, cancel);
        if (page is not null) Report.FromFolder(folder, cancellationToken: cancel).WritePage(page, isResumed, cancel);
        new ExperimentReport(run, ui)
            .Write($"{NumberText.Seconds(Stopwatch.GetElapsedTime(started))}; everything stands in {ConsoleUi.OneLine(folder)}");
        return ExitCode.Ok;
    }
}
