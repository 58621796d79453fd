using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery find</c>.</summary>
internal sealed record FindOptions
{
    private const int DefaultLimit = 40;

    private static readonly Argument<string> BaseArgument = new("BASE")
    {
        Description = "The checkpoint before tuning: a .safetensors file or a model's folder.",
    };
    private static readonly Argument<string> TunedArgument = new("TUNED")
    {
        Description = "The checkpoint after tuning; or the folder of a PEFT adapter (LORA, TRAINABLE_TOKENS), merged into BASE in memory.",
    };
    private static readonly Option<string?> TensorOption = Options.Tensor(
        "The tensor to compare, where the two name it differently as BASE_NAME=TUNED_NAME; without it the input embedding.");
    private static readonly Option<string?> TokenizerOption = Options.Tokenizer(
        "The tokenizer that names the rows; without it the one beside BASE or TUNED.");
    private static readonly Option<string?> OutOption = Options.Out(
        "Write ticket.json, rows.tsv and patch.safetensors into this new folder; with --all-tensors tensors.tsv, into any; with --part a "
            + "new file.");
    private static readonly Option<bool> ForceOption = Options.Force(
        "Let --out replace an earlier result; other files are never replaced.");
    private static readonly Option<ulong?> SeedOption = Options.Seed("Decides the units of --score random.");
    private static readonly Option<string[]> TextOption = Options.PlainTexts(
        "The text whose tokens --score frequency counts", isRequired: false);
    private static readonly Option<int> LimitOption = Options.ShownRows(DefaultLimit,
        " Its columns: h and D = h/d, the largest distance between the distributions of the row's d values before and after; p of that; "
        + "sign (+ where the base's lies above) and location of it; change, by how much of its length the row moved; category.");
    private static readonly Option<ExperimentPart?> PartOption = Options.Part(
        "Test part I of N of the rows alone, and write what was found into the new file --out: for --merge, once all parts are there.");

    /// <summary>What makes a ticket another than that of rows of one matrix by their test.</summary>
    private static readonly Option[] UnitOptions =
        [Options.Tensors, Options.Unit, Options.ScoreName, Options.Pattern, Options.Without, Options.Payload];

    public required string Base { get; init; }

    public required string Tuned { get; init; }

    public string? Tensor { get; init; }

    public bool AllTensors { get; init; }

    /// <summary>Whether the map leaves out what did not change.</summary>
    public bool ChangedOnly { get; init; }

    /// <summary>Which units, by which score, and which of them win.</summary>
    public TicketRecipe Recipe { get; init; } = new();

    /// <summary>Which units win.</summary>
    public TicketSelection Selection => Recipe.Selection;

    /// <summary>The options that ask for another ticket than that of rows by their test.</summary>
    public string Cause { get; init; } = "";

    /// <summary>Kinds of rows that cannot win.</summary>
    public RowKinds Exclude { get; init; }

    /// <summary>Patches, or tickets' folders, whose units are left out.</summary>
    public string[] Without { get; init; } = [];

    /// <summary>Files whose tokens are counted for <c>--score frequency</c>.</summary>
    public string[] Text { get; init; } = [];

    /// <summary>Whether rows of one matrix are tested, and described one by one.</summary>
    public bool IsRowTest => Recipe.IsKsOfRows && Recipe.Scope.Tensors is null && Without.Length == 0
        && Recipe.Selection is BelowAlpha or TopUnits or TopShare;

    /// <summary>What one process does alone, in words for a message; null where ranks work together.</summary>
    public string? WorksAlone => Part is not null ? PartOption.Name : Merged.Count > 0 ? Options.Merge.Name : AllTensors || IsRowTest ? null
        : Cause.Length > 0 ? $"with {Cause}" : "of these units";

    public DeviceOption Device { get; init; } = DeviceOption.Default;

    public string? Tokenizer { get; init; }

    /// <summary>How rows of a resized vocabulary are paired.</summary>
    public RowPairingMode PairRows { get; init; }

    public CheckpointOptions Reading { get; init; } = new();

    public string? Out { get; init; }

    /// <summary>What the report calls <see cref="Out"/>; the demo's is in a temporary folder.</summary>
    public string? ShownOut { get; init; }

    public bool Force { get; init; }

    /// <summary>The part of the rows that is tested; null for all.</summary>
    public ExperimentPart? Part { get; init; }

    /// <summary>The files of the parts that are joined; empty where rows are tested.</summary>
    public IReadOnlyList<string> Merged { get; init; } = [];

    /// <summary>The file for a page about the result; null for none.</summary>
    public string? Html { get; init; }

    /// <summary>What that says of where it comes from.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; } = [];

    /// <summary>The most rows that the table shows.</summary>
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            string[] amounts = Given(result, [Options.Top, Options.Share, Options.Pattern]);
            if (amounts.Length > 1) result.AddError($"{string.Join(" and ", amounts)} exclude each other: give one.");
            if (result.GetValue(Options.ScoreName) is { } score && TicketScore.Names.Contains(score)
                && TicketScore.Named(score).Inputs.HasFlag(ScoreInputs.TokenCounts) != (result.GetResult(TextOption) is not null))
                result.AddError("--score frequency counts the tokens of --text FILE: give both or none.");
            bool isTest = result.GetValue(Options.ScoreName) is not { } asked || asked == TicketScore.Ks.Name;
            if (!isTest && Given(result, [Options.Alpha, Options.Method, Options.Adjust]) is { Length: > 0 } ofTest)
                result.AddError($"{string.Join(", ", ofTest)}: only --score {TicketScore.Ks.Name} has p-values. Leave "
                    + $"{(ofTest.Length == 1 ? "it" : "them")} out.");
            if (result.GetResult(SeedOption) is not null && result.GetValue(Options.ScoreName) is not "random")
                result.AddError("--seed decides --score random alone. Leave it out.");
            if (result.GetValue(Options.PerTensor) && result.GetResult(Options.Share) is null)
                result.AddError("--per-tensor is about a share: give --share as well.");
            if (result.GetResult(TensorOption) is { Implicit: false } && result.GetResult(Options.Tensors) is not null)
                result.AddError("--tensor and --tensors exclude each other.");
            if (result.GetResult(Options.Exclude) is not null && Given(result, UnitOptions) is { Length: > 0 } others)
                result.AddError($"--exclude is about the rows of one matrix by their test, which {string.Join(" and ", others)} "
                    + $"{(others.Length == 1 ? "asks" : "ask")} another thing of. Leave --exclude out.");
            if (result.GetValue(Options.ChangedOnly) && !result.GetValue(Options.AllTensors))
                result.AddError("--changed-only is about the map of --all-tensors: give both or none.");
            if (!result.GetValue(Options.AllTensors)) return;
            if (result.GetResult(TensorOption) is { Implicit: false }) result.AddError("--all-tensors and --tensor exclude each other.");
            if (HtmlOption.IsGiven(result))
                result.AddError("--all-tensors and --html exclude each other: write tensors.tsv with --out, and run "
                    + "kslottery report on the folder.");
            if (Given(result, [Options.Top, Options.Share, Options.Exclude, .. UnitOptions.Except([Options.Tensors])])
                is { Length: > 0 } amiss)
                result.AddError($"--all-tensors counts the rows below alpha in every tensor: {string.Join(", ", amiss)} "
                    + $"{(amiss.Length == 1 ? "belongs" : "belong")} to a ticket. Leave --all-tensors out.");
        });
        command.Validators.Add(RefusePart);
        command.Validators.Add(RefuseMerge);
        command.Add(BaseArgument, TunedArgument);
        command.Add(TensorOption, Options.Tensors, Options.Unit, Options.AllTensors, Options.ChangedOnly, Options.ScoreName, Options.Alpha,
            Options.Method, Options.Adjust, Options.Top, Options.Share, Options.PerTensor, Options.Pattern, Options.Exclude,
            Options.Without, TextOption, SeedOption, Options.Payload, TokenizerOption, Options.PairRows, Options.NoMemoryMap,
            Options.IgnoreChecksum, OutOption, ForceOption, LimitOption, PartOption, Options.Merge);
        HtmlOption.AddTo(command);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static FindOptions From(ParseResult arguments) => new()
    {
        Base = arguments.GetRequiredValue(BaseArgument),
        Tuned = arguments.GetRequiredValue(TunedArgument),
        Tensor = arguments.GetValue(TensorOption),
        AllTensors = arguments.GetValue(Options.AllTensors),
        ChangedOnly = arguments.GetValue(Options.ChangedOnly),
        Recipe = new()
        {
            Scope = new(arguments.GetValue(Options.Tensors), arguments.GetValue(Options.Unit) ?? TicketUnit.Rows),
            Score = TicketScore.Named(arguments.GetRequiredValue(Options.ScoreName), arguments.GetValue(SeedOption) ?? 0),
            Selection = SelectionFrom(arguments),
            Payload = TicketPayloads.TryParse(arguments.GetValue(Options.Payload), out TicketPayload payload) ? payload : default,
        },
        Exclude = arguments.GetValue(Options.Exclude),
        Without = arguments.GetValue(Options.Without) ?? [],
        Cause = string.Join(" and ", Given(arguments.CommandResult, UnitOptions)),
        Text = arguments.GetValue(TextOption) ?? [],
        Device = DeviceOption.From(arguments),
        Tokenizer = arguments.GetValue(TokenizerOption),
        PairRows = Enum.Parse<RowPairingMode>(arguments.GetRequiredValue(Options.PairRows), ignoreCase: true),
        Reading = Cli.Reading.Of(arguments),
        Out = arguments.GetValue(OutOption),
        Force = arguments.GetValue(ForceOption),
        Part = arguments.GetValue(PartOption),
        Merged = arguments.GetValue(Options.Merge) ?? [],
        Origin = HtmlOption.Origin(arguments, ("base", arguments.GetRequiredValue(BaseArgument)),
            ("tuned", arguments.GetRequiredValue(TunedArgument))),
        Html = HtmlOption.From(arguments, arguments.GetValue(ForceOption)),
        Limit = Options.Unlimited(arguments.GetValue(LimitOption)),
    };

    /// <summary>A part has no ticket: what selects one belongs to the merge.</summary>
    private static void RefusePart(CommandResult result)
    {
        if (result.GetResult(PartOption) is null) return;
        if (result.GetResult(OutOption) is null) result.AddError("--part writes what it finds into a file: name it with --out.");
        if (result.GetResult(Options.Merge) is not null)
            result.AddError("--part and --merge exclude each other: parts are written first, and merged once all are there.");
        string[] others = Given(result, [Options.AllTensors, Options.Alpha, Options.Method, Options.Adjust, Options.Top, Options.Share,
            Options.PerTensor, Options.Exclude, LimitOption, Options.Html]);
        if (others.Length > 0)
            result.AddError($"--part tests rows and selects none: leave {string.Join(", ", others)} out, or give it with --merge.");
        if (Given(result, UnitOptions) is { Length: > 0 } units)
            result.AddError($"--part tests the rows of one matrix: leave {string.Join(", ", units)} out.");
    }

    private static void RefuseMerge(CommandResult result)
    {
        if (result.GetResult(Options.Merge) is null) return;
        if (result.GetValue(Options.AllTensors) || DeviceOption.IsGiven(result))
            result.AddError("--merge tests no rows: leave --all-tensors, --device and --threads out.");
        if (Given(result, UnitOptions) is { Length: > 0 } others)
            result.AddError($"--merge joins rows that were tested: leave {string.Join(", ", others)} out.");
    }

    private static string[] Given(CommandResult result, IEnumerable<Option> options) =>
        [.. options.Where(option => result.GetResult(option) is { Implicit: false }).Select(option => option.Name)];

    private static TicketSelection SelectionFrom(ParseResult arguments)
    {
        BelowAlpha test = new()
        {
            Alpha = arguments.GetValue(Options.Alpha),
            Method = SelectionNames.TryParse(arguments.GetValue(Options.Method), out KsMethod method) ? method : default,
            Adjustment = SelectionNames.TryParse(arguments.GetValue(Options.Adjust), out PValueAdjustment adjustment)
                ? adjustment : default,
        };
        return arguments.GetValue(Options.Top) is { } top ? new TopUnits(top, test)
            : arguments.GetValue(Options.Share) is { } share ? new TopShare(share, arguments.GetValue(Options.PerTensor), test)
            : arguments.GetValue(Options.Pattern) is { } pattern ? pattern
            : test;
    }
}
