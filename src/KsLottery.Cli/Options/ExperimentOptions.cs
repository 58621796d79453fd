using System.CommandLine;
using KsLottery.Engine.Experiments;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery experiment</c>.</summary>
internal sealed record ExperimentOptions
{
    private static readonly Argument<string> FileArgument = new("FILE")
    {
        Description = "The experiment: a JSON file with base, tasks, seeds, arms and one budget for all; the README shows one, "
            + "demo --keep writes one.",
    };
    private static readonly Option<string> OutOption = Options.RequiredOut(
        "The folder for everything: a new or empty one, or with --resume that of an earlier run.");
    private static readonly Option<bool> ResumeOption = Options.Resume(
        "Go on in --out: what is done there with the same settings is not done again; arms and seeds may have been added.");
    private static readonly Option<ExperimentPart?> PartOption = Options.Part(
        "Run part I of N: every N-th pair of seed and task, from the I-th, with all its arms, so that parts need no common folder. "
            + "A task of a Slurm job array runs its own part unless this says otherwise.");

    public required string File { get; init; }

    public required string Out { get; init; }

    public bool Resume { get; init; }

    public ExperimentPart Part { get; init; }

    /// <summary>Whether the part is that of a task of a job array.</summary>
    public bool PartIsOfArray { get; init; }

    /// <summary>Folders of parts that are gathered; empty for a run.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>The page about the results; null for none.</summary>
    public string? Html { get; init; }

    /// <summary>What that says of where it comes from.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; } = [];

    public required DeviceOption Device { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(FileArgument);
        command.Add(OutOption, ResumeOption, PartOption, Options.Collect);
        HtmlOption.AddTo(command);
        DeviceOption.AddTo(command);
        command.Validators.Add(result =>
        {
            bool isRun = result.GetValue(ResumeOption) || result.GetResult(PartOption) is not null;
            if (result.GetResult(Options.Collect) is not null && isRun)
                result.AddError("--collect computes nothing: leave --resume and --part out.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static ExperimentOptions From(ParseResult arguments)
    {
        ExperimentPart? named = arguments.GetValue(PartOption), ofArray = null;
        if (named is null && arguments.GetResult(Options.Collect) is null)
            ofArray = ExperimentPart.OfJobArray(Environment.GetEnvironmentVariable);
        return From(arguments, named ?? ofArray) with { PartIsOfArray = ofArray is not null };
    }

    private static ExperimentOptions From(ParseResult arguments, ExperimentPart? part) => new()
    {
        File = arguments.GetRequiredValue(FileArgument),
        Out = arguments.GetRequiredValue(OutOption),
        Resume = arguments.GetValue(ResumeOption),
        Part = part ?? ExperimentPart.Whole,
        Parts = arguments.GetValue(Options.Collect) ?? [],
        Origin = HtmlOption.Origin(arguments, ("plan", arguments.GetRequiredValue(FileArgument)),
            ("folder", arguments.GetRequiredValue(OutOption))),
        Html = HtmlOption.From(arguments, replace: arguments.GetValue(ResumeOption)),
        Device = DeviceOption.From(arguments),
    };
}
