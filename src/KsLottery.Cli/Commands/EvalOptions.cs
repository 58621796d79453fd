using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>kslottery eval</c>: a model with pairs, or files with hypotheses and references.</summary>
internal sealed record EvalOptions
{
    /// <summary>The beams of the authors' generation.</summary>
    private const int PaperBeams = 4;

    private static readonly Argument<string?> ModelArgument = new("MODEL")
    {
        Description = "The model: a Hugging Face folder, or a .safetensors file with config.json beside it.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> DataOption = new("--data")
    {
        Description = "The pairs: a .tsv or .jsonl file, or two aligned files as SOURCE,TARGET; plain or gzip.",
        HelpName = "PAIRS",
    };
    private static readonly Option<string?> HypothesesOption = new("--hypotheses")
    {
        Description = "Score the lines of this file instead of a model's.",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> ReferencesOption = new("--references")
    {
        Description = "Their references, line by line; given several times, each hypothesis has several.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> SpmOption = new("--spm")
    {
        Description = "Also spBLEU, by the pieces of this SentencePiece file.",
        HelpName = "FILE",
    };
    private static readonly Option<int?> BeamsOption = new("--beams")
    {
        Description = "The width of the beam search; 1, the default, takes the likeliest token each time.",
        HelpName = "N",
        CustomParser = result => OptionValue.From(result, 1),
    };
    private static readonly Option<string?> PresetOption = new Option<string?>("--preset")
    {
        Description = "paper generates as KS-Lottery's authors do, with a beam search of width 4.",
    }.AcceptOnlyFromAmong("paper");
    private static readonly Option<int> NewTokensOption = OptionValue.Count("--max-new-tokens", 1, 256,
        "The most tokens that a prompt is continued by.");
    private static readonly Option<int> BatchOption = OptionValue.Count("--batch", 1, 8,
        "Sequences held at once, beams included. Up to 8 every text is computed to the same bits whatever the number.");
    private static readonly Option<int> LimitOption = OptionValue.Count("--limit", 0, 0, "Only the first N pairs; 0 takes all.");
    private static readonly Option<string> OverlongOption = new Option<string>("--overlong")
    {
        Description = "What to do with pairs for which the model has no room, the new tokens included.",
        DefaultValueFactory = _ => "fail",
    }.AcceptOnlyFromAmong("fail", "skip");
    private static readonly Option<bool> NoGenerateOption = new("--no-generate") { Description = "Only the loss." };
    private static readonly Option<string?> OutOption = new("--out", "-o")
    {
        Description = "Write hypotheses.txt and samples.jsonl into this folder; files that exist are never replaced.",
        HelpName = "DIR",
    };

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

    public string? Out { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(ModelArgument);
        foreach (Option option in (Option[])[DataOption, HypothesesOption, ReferencesOption]) command.Add(option);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        ModelOptions.AddTo(command);
        foreach (Option option in (Option[])[SpmOption, PresetOption, BeamsOption, NewTokensOption, BatchOption,
            LimitOption, OverlongOption, NoGenerateOption, OutOption])
            command.Add(option);
        StopOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            bool hasModel = result.GetValue(ModelArgument) is not null, hasData = result.GetValue(DataOption) is not null;
            bool hasHypotheses = result.GetValue(HypothesesOption) is not null;
            bool hasReferences = result.GetResult(ReferencesOption) is not null;
            if (hasModel != hasData || hasHypotheses != hasReferences || hasModel == hasHypotheses)
                result.AddError("Give MODEL and --data PAIRS, or --hypotheses FILE and --references FILE.");
            else if (hasHypotheses && result.GetValue(OutOption) is not null)
                result.AddError("--out writes what a model wrote; of --hypotheses there is nothing to write.");
            else if (result.GetValue(NoGenerateOption) && result.GetValue(OutOption) is not null)
                result.AddError("--no-generate leaves --out nothing to write.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static EvalOptions From(ParseResult arguments) => new()
    {
        Model = arguments.GetValue(ModelArgument) is { } path ? ModelOptions.From(arguments, path) : null,
        Data = arguments.GetValue(DataOption) ?? "",
        Pairs = PairOptions.From(arguments),
        Prompt = PromptOptions.From(arguments),
        Hypotheses = arguments.GetValue(HypothesesOption) ?? "",
        References = arguments.GetValue(ReferencesOption) ?? [],
        Spm = arguments.GetValue(SpmOption),
        Beams = arguments.GetValue(BeamsOption) ?? (arguments.GetValue(PresetOption) is null ? 1 : PaperBeams),
        MaxNewTokens = arguments.GetValue(NewTokensOption),
        Stops = StopOptions.From(arguments),
        Batch = arguments.GetValue(BatchOption),
        Limit = arguments.GetValue(LimitOption) is 0 ? int.MaxValue : arguments.GetValue(LimitOption),
        SkipOverlong = arguments.GetValue(OverlongOption) == "skip",
        Generates = !arguments.GetValue(NoGenerateOption),
        Out = arguments.GetValue(OutOption),
    };
}
