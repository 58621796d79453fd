using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>kslottery find</c>.</summary>
internal sealed record FindOptions
{
    private const int UsualLimit = 40;

    private static readonly string[] ModeNames = ["auto", "id", "text"];

    private static readonly Argument<string> BaseArgument = new("BASE")
    {
        Description = "The checkpoint before tuning: a .safetensors file or a model's folder.",
    };
    private static readonly Argument<string> TunedArgument = new("TUNED")
    {
        Description = "The checkpoint after tuning; or the folder of a PEFT adapter (LORA, TRAINABLE_TOKENS), merged into BASE in memory.",
    };
    private static readonly Option<string?> TensorOption = new("--tensor")
    {
        Description = "The tensor to compare, where the two name it differently as BASE_NAME=TUNED_NAME; without it the input embedding.",
        HelpName = "NAME",
    };
    private static readonly Option<bool> AllOption = new("--all-tensors")
    {
        Description = "One line for every matrix instead: the map of what a fine-tune touched.",
    };
    private static readonly Option<double> AlphaOption = new("--alpha")
    {
        Description = "A row wins where p (adjusted, with --adjust) is below this threshold.",
        HelpName = "A",
        DefaultValueFactory = _ => new TicketSelection().Alpha,
        CustomParser = result => OptionValue.Real(result, alpha => alpha > 0 && alpha < 1,
            "it must lie between 0 and 1, for instance 0.05"),
    };
    private static readonly Option<string> MethodOption = new("--method")
    {
        Description = "How p is computed; auto is exact up to rows of 10,000 values.",
        DefaultValueFactory = _ => KsMethod.Auto.ToName(),
    };
    private static readonly Option<string> AdjustOption = new("--adjust")
    {
        Description = "The correction for the number of rows. The column adjusted_p is always written: with none, by bh, "
            + "and rows win by p itself.",
        DefaultValueFactory = _ => PValueAdjustment.None.ToName(),
    };
    private static readonly Option<int?> TopOption = new("--top")
    {
        Description = "The ticket is the K best rows, those of largest h, whatever alpha.",
        HelpName = "K",
        CustomParser = result => OptionValue.From(result, 1),
    };
    private static readonly Option<string?> TokenizerOption = new("--tokenizer")
    {
        Description = "The tokenizer that names the rows; without it the one beside BASE or TUNED.",
        HelpName = "PATH",
    };
    private static readonly Option<string> PairOption = new("--pair-rows")
    {
        Description = "How rows of a resized vocabulary are paired: auto (by id where both tokenizers name the ids alike), id, or text "
            + "(of the tokens).",
        DefaultValueFactory = _ => ModeNames[0],
    };
    private static readonly Option<string?> OutOption = new("--out", "-o")
    {
        Description = "Write ticket.json, rows.tsv and patch.safetensors into this new folder; with --all-tensors tensors.tsv, into any.",
        HelpName = "DIR",
    };
    private static readonly Option<bool> ForceOption = new("--force")
    {
        Description = "Let --out replace an earlier result; other files are never replaced.",
    };
    private static readonly Option<int> LimitOption = new("--limit")
    {
        Description = "The most rows that the table shows; 0 shows all.",
        HelpName = "N",
        DefaultValueFactory = _ => UsualLimit,
        CustomParser = result => OptionValue.From(result, 0),
    };

    public required string Base { get; init; }

    public required string Tuned { get; init; }

    public string? Tensor { get; init; }

    public bool AllTensors { get; init; }

    public TicketSelection Selection { get; init; } = new();

    public DeviceOption Device { get; init; } = DeviceOption.Default;

    public string? Tokenizer { get; init; }

    /// <summary>How rows of a resized vocabulary are paired.</summary>
    public RowPairingMode PairRows { get; init; }

    public CheckpointOptions Reading { get; init; } = new();

    public string? Out { get; init; }

    /// <summary>What the report calls <see cref="Out"/>; the demo's is in a temporary folder.</summary>
    public string? ShownOut { get; init; }

    public bool Force { get; init; }

    /// <summary>The file for a page about the result; null for none.</summary>
    public string? Html { get; init; }

    /// <summary>The most rows that the table shows.</summary>
    public int Limit { get; init; } = UsualLimit;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        MethodOption.AcceptOnlyFromAmong([.. SelectionNames.OfMethods]);
        PairOption.AcceptOnlyFromAmong(ModeNames);
        AdjustOption.AcceptOnlyFromAmong([.. SelectionNames.OfAdjustments]);
        command.Validators.Add(result =>
        {
            if (!result.GetValue(AllOption)) return;
            if (result.GetResult(TensorOption) is { Implicit: false }) result.AddError("--all-tensors and --tensor exclude each other.");
            if (HtmlOption.IsGiven(result))
                result.AddError("--all-tensors and --html exclude each other: write tensors.tsv with --out, and run "
                    + "kslottery report on the folder.");
            if (result.GetResult(TopOption) is { Implicit: false })
                result.AddError("--all-tensors counts the rows below alpha in every tensor: --top is for one. Choose it with --tensor.");
        });
        foreach (Argument argument in (Argument[])[BaseArgument, TunedArgument]) command.Add(argument);
        foreach (Option option in (Option[])[TensorOption, AllOption, AlphaOption, MethodOption, AdjustOption, TopOption, TokenizerOption,
            PairOption,
            Cli.Reading.NoMemoryMap, OutOption, ForceOption, LimitOption])
            command.Add(option);
        HtmlOption.AddTo(command);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static FindOptions From(ParseResult arguments) => new()
    {
        Base = arguments.GetRequiredValue(BaseArgument),
        Tuned = arguments.GetRequiredValue(TunedArgument),
        Tensor = arguments.GetValue(TensorOption),
        AllTensors = arguments.GetValue(AllOption),
        Selection = new()
        {
            Alpha = arguments.GetValue(AlphaOption),
            Method = SelectionNames.TryParse(arguments.GetValue(MethodOption), out KsMethod method) ? method : default,
            Adjustment = SelectionNames.TryParse(arguments.GetValue(AdjustOption), out PValueAdjustment adjustment) ? adjustment : default,
            Top = arguments.GetValue(TopOption),
        },
        Device = DeviceOption.From(arguments),
        Tokenizer = arguments.GetValue(TokenizerOption),
        PairRows = (RowPairingMode)Array.IndexOf(ModeNames, arguments.GetRequiredValue(PairOption)),
        Reading = Cli.Reading.Of(arguments),
        Out = arguments.GetValue(OutOption),
        Force = arguments.GetValue(ForceOption),
        Html = HtmlOption.From(arguments, arguments.GetValue(ForceOption)),
        Limit = arguments.GetValue(LimitOption) is 0 ? int.MaxValue : arguments.GetValue(LimitOption),
    };
}
