using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery prune</c> that say what text goes through the model, and those of <c>--sweep</c>.</summary>
internal sealed record SweepOptions
{
    private static readonly Option<string?> DataOption =
        Options.Data("Pairs to evaluate on with --sweep, as eval takes them, and to score by.");
    private static readonly Option<string[]> TextOption =
        Options.PlainTexts("Text to evaluate on with --sweep, and to score by", isRequired: false);
    private static readonly Option<bool> ResumeOption = Options.Resume("With --sweep: go on in --out with what was not measured yet.");
    private static readonly Option<int> NewTokensOption = Options.MaxNewTokens(
        "With --sweep --data: the most tokens that a prompt is continued by.");

    /// <summary>What only a sweep takes.</summary>
    private static readonly Option[] Own = [Options.At, ResumeOption, Options.NoGenerate];

    public required ModelOptions Model { get; init; }

    /// <summary>Pairs; null where plain text is read.</summary>
    public string? Data { get; init; }

    public string[] Text { get; init; } = [];

    public required ParallelTextOptions Pairs { get; init; }

    public required PromptOptions Prompt { get; init; }

    public int Limit { get; init; }

    public int MaxNewTokens { get; init; }

    public bool Generates { get; init; }

    public required IReadOnlyList<UnitShare> Sparsities { get; init; }

    /// <summary>The name of the score.</summary>
    public required string Score { get; init; }

    public TensorChoice? Tensors { get; init; }

    /// <summary>What a sparsity keeps.</summary>
    public required Func<UnitShare, TicketSelection> KeptOf { get; init; }

    /// <summary>The folder of the points; null for none.</summary>
    public string? Out { get; init; }

    public bool Resume { get; init; }

    /// <summary>What the report says of where it comes from.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; } = [];

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(Check);
        command.Add(Options.Sweep, Options.At, DataOption, TextOption, Options.PairLimit, Options.NoGenerate, NewTokensOption, ResumeOption,
            Options.ModelTokenizer);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static SweepOptions From(ParseResult arguments, string model, string score,
        Func<UnitShare, TicketSelection> keptOf, CheckpointOptions reading) => new()
        {
            Model = new(model, null, null, arguments.GetValue(Options.ModelTokenizer), DeviceOption.From(arguments), reading),
            Data = arguments.GetValue(DataOption),
            Text = arguments.GetValue(TextOption) ?? [],
            Pairs = PairOptions.From(arguments),
            Prompt = PromptOptions.From(arguments),
            Limit = Options.Unlimited(arguments.GetValue(Options.PairLimit)),
            MaxNewTokens = arguments.GetValue(NewTokensOption),
            Generates = arguments.GetValue(DataOption) is not null && !arguments.GetValue(Options.NoGenerate),
            Origin = HtmlOption.Origin(arguments, ("model", model)),
            Sparsities = [new(0), .. arguments.GetValue(Options.At)!],
            Score = score,
            Tensors = arguments.GetValue(Options.Tensors),
            KeptOf = keptOf,
            Out = arguments.GetValue(Options.PruneFolder),
            Resume = arguments.GetValue(ResumeOption),
        };

    /// <summary>Whether a score is made of a text.</summary>
    public static bool IsCalibrated(string? score) => score is not null && TextScores.Names.Contains(score);

    private static void Check(CommandResult result)
    {
        bool hasText = result.GetResult(DataOption) is not null || result.GetResult(TextOption) is not null;
        bool wantsText = result.GetValue(Options.Sweep) || IsCalibrated(result.GetValue(Options.PruneScore));
        if (result.GetResult(DataOption) is not null && result.GetResult(TextOption) is not null)
            result.AddError("--data and --text exclude each other.");
        if (hasText != wantsText)
            result.AddError(hasText ? "--data and --text are for --sweep and for the scores wanda, snip, taylor and grasp: leave them out."
                : "a text goes through the model: give --data PAIRS or --text FILE.");
        if (!result.GetValue(Options.Sweep))
        {
            string[] given = [.. Own.Where(option => result.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
            if (given.Length > 0) result.AddError($"{string.Join(", ", given)}: only with --sweep.");
            return;
        }
        if (result.GetResult(Options.SparsityWanted) is not null || result.GetResult(Options.Pattern) is not null)
            result.AddError("--sweep takes its sparsities from --at: leave --sparsity and --pattern out.");
        if (result.GetValue(ResumeOption) && result.GetResult(Options.PruneFolder) is null)
            result.AddError("--resume goes on in a folder: name it with --out.");
    }
}
