using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery eval</c>: a model with pairs, files with hypotheses and references, or a report card.</summary>
internal sealed record EvalOptions
{
    /// <summary>The beams of the authors' generation.</summary>
    private const int PaperBeams = 4;

    private static readonly Argument<string?> ModelArgument = new("MODEL")
    {
        Description = "The model: a Hugging Face folder, or a .safetensors file with config.json beside it.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> DataOption = Options.Data();
    private static readonly Option<int?> BeamsOption = Options.Beams.Optional(
        "The width of the beam search; 1, the default, takes the likeliest token each time.");
    private static readonly Option<string?> PresetOption = Options.Preset(
        "paper generates as KS-Lottery's authors do, with a beam search of width 4.", "paper");
    private static readonly Option<int> NewTokensOption = Options.MaxNewTokens();
    private static readonly Option<int> BatchOption = Options.Batch.Default(8,
        "Sequences held at once, beams included. Up to 8 every text is computed to the same bits whatever the number.");
    private static readonly Option<string> OverlongOption = Options.Overlong(
        "What to do with pairs for which the model has no room, the new tokens included.", "fail", "skip");
    private static readonly Option<string?> OutOption = Options.Out(
        "Write hypotheses.txt and samples.jsonl into this folder, where files that exist are never replaced; with --matrix all of it.");
    private static readonly Option<bool> ResumeOption = Options.Resume(
        "With --matrix: go on in --out; what is written there with the same settings is not written again.");

    /// <summary>The model; null where files are scored.</summary>
    public ModelOptions? Model { get; init; }

    public string Data { get; init; } = "";

    public ParallelTextOptions Pairs { get; init; } = new();

    public PromptOptions Prompt { get; init; } = new(null, null, null);

    public string Hypotheses { get; init; } = "";

    /// <summary>Files of references, each with a line for every hypothesis.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    public string? Spm { get; init; }

    public int Beams { get; init; } = 1;

    public int MaxNewTokens { get; init; } = 256;

    /// <summary>What ends a text beside the model's own tokens.</summary>
    public StopOptions Stops { get; init; } = new([], []);

    public int Batch { get; init; } = 8;

    /// <summary>The most pairs.</summary>
    public int Limit { get; init; } = int.MaxValue;

    public bool SkipOverlong { get; init; }

    public bool Generates { get; init; } = true;

    public bool Calibrates { get; init; }

    public string? Out { get; init; }

    /// <summary>The other end of a line whose points are evaluated; null for none.</summary>
    public string? Between { get; init; }

    /// <summary>How many points.</summary>
    public int Points { get; init; } = 11;

    /// <summary>The file of a report card; null for none.</summary>
    public string? Matrix { get; init; }

    /// <summary>Whether a report card goes on.</summary>
    public bool Resume { get; init; }

    /// <summary>Where a report card's models run.</summary>
    public DeviceOption Device { get; init; } = DeviceOption.Default;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(ModelArgument);
        command.Add(DataOption, Options.Hypotheses, Options.References);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        ModelOptions.AddTo(command);
        command.Add(Options.Spm, PresetOption, BeamsOption, NewTokensOption, BatchOption, Options.PairLimit, OverlongOption,
            Options.NoGenerate, Options.Calibration, Options.Between, Options.Points, OutOption, Options.Matrix, ResumeOption);
        StopOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Options.Matrix) is not null)
            {
                foreach (string fault in FaultsOfMatrix(command, result)) result.AddError(fault);
                return;
            }
            bool hasModel = result.GetValue(ModelArgument) is not null, hasData = result.GetValue(DataOption) is not null;
            bool hasHypotheses = result.GetValue(Options.Hypotheses) is not null;
            bool hasReferences = result.GetResult(Options.References) is not null;
            if (hasModel != hasData || hasHypotheses != hasReferences || hasModel == hasHypotheses)
                result.AddError("Give MODEL and --data PAIRS, --hypotheses FILE and --references FILE, or --matrix FILE.");
            else if (result.GetValue(ResumeOption)) result.AddError("--resume belongs to --matrix.");
            else if (hasHypotheses && result.GetValue(OutOption) is not null)
                result.AddError("--out writes what a model wrote; of --hypotheses there is nothing to write.");
            else if (result.GetValue(Options.NoGenerate) && result.GetValue(OutOption) is not null)
                result.AddError("--no-generate leaves --out nothing to write.");
            else if (hasHypotheses && result.GetValue(Options.Calibration))
                result.AddError("--calibration is about what a model expects; --hypotheses have no model.");
            foreach (string fault in FaultsOfPath(result, hasModel)) result.AddError(fault);
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static EvalOptions From(ParseResult arguments) => new()
    {
        Model = arguments.GetValue(ModelArgument) is { } path ? ModelOptions.From(arguments, path) : null,
        Data = arguments.GetValue(DataOption) ?? "",
        Pairs = PairOptions.From(arguments),
        Prompt = PromptOptions.From(arguments),
        Hypotheses = arguments.GetValue(Options.Hypotheses) ?? "",
        References = arguments.GetValue(Options.References) ?? [],
        Spm = arguments.GetValue(Options.Spm),
        Beams = arguments.GetValue(BeamsOption) ?? (arguments.GetValue(PresetOption) is null ? 1 : PaperBeams),
        MaxNewTokens = arguments.GetValue(NewTokensOption),
        Stops = StopOptions.From(arguments),
        Batch = arguments.GetValue(BatchOption),
        Limit = Options.Unlimited(arguments.GetValue(Options.PairLimit)),
        SkipOverlong = arguments.GetValue(OverlongOption) == "skip",
        Generates = !arguments.GetValue(Options.NoGenerate) && arguments.GetValue(Options.Between) is null,
        Calibrates = arguments.GetValue(Options.Calibration),
        Between = arguments.GetValue(Options.Between),
        Points = arguments.GetValue(Options.Points) ?? 11,
        Out = arguments.GetValue(OutOption),
        Matrix = arguments.GetValue(Options.Matrix),
        Resume = arguments.GetValue(ResumeOption),
        Device = DeviceOption.From(arguments),
    };

    /// <summary>Of the points of a line only the loss is computed.</summary>
    private static IEnumerable<string> FaultsOfPath(CommandResult result, bool hasModel)
    {
        if (result.GetResult(Options.Between) is null)
        {
            if (result.GetResult(Options.Points) is not null) yield return "--points belong to --between.";
            yield break;
        }
        if (!hasModel) yield return "--between goes from MODEL to another: give MODEL and --data PAIRS.";
        foreach (Option option in (Option[])[Options.Patch, Options.Adapter, Options.Calibration, OutOption, BeamsOption, PresetOption])
            if (result.GetResult(option) is { Implicit: false })
                yield return $"{option.Name} does not go with --between, which computes the loss of two checkpoints and what lies between.";
    }

    /// <summary>A report card says all in its file but where it goes and where it runs.</summary>
    private static IEnumerable<string> FaultsOfMatrix(Command command, CommandResult result)
    {
        if (result.GetValue(ModelArgument) is not null) yield return "--matrix names its models in the file: leave MODEL out.";
        if (result.GetValue(OutOption) is null) yield return "--matrix needs --out DIR, a folder for everything.";
        foreach (Option option in command.Options)
            if (option != Options.Matrix && option != OutOption && option != ResumeOption && !DeviceOption.Has(option)
                && option != Options.Json && option != Options.Quiet && option != Options.Ranks
                && result.GetResult(option) is { Implicit: false })
                yield return $"{option.Name} does not go with --matrix: its file says how models are scored.";
    }
}
