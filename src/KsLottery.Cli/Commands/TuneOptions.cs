using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>kslottery tune</c>.</summary>
internal sealed record TuneOptions
{
    private const string PaperEmbed = "paper-embed", PaperPartial = "paper-partial", OfTicket = "ticket", LowRank = "lora";

    private static readonly Argument<string> ModelArgument = new("MODEL")
    {
        Description = "The base: a Hugging Face folder, or a .safetensors file with config.json beside it.",
    };
    private static readonly Option<string> DataOption = new("--data")
    {
        Description = "The pairs: a .tsv or .jsonl file, or two aligned files as SOURCE,TARGET; plain or gzip.",
        HelpName = "PAIRS",
        Required = true,
    };
    private static readonly Option<string?> TrainOption = new Option<string?>("--train")
    {
        Description = "What learns; a preset says it too. lora: adapters of query and value; the result holds them merged, and "
            + "its folder adapter as PEFT loads them.",
    }.AcceptOnlyFromAmong("full", "embedding", OfTicket, LowRank);
    private static readonly Option<int?> RankOption = OptionValue.OptionalCount("--rank", "The rank of --train lora; 8 by default.");
    private static readonly Option<string?> PresetOption = new Option<string?>("--preset")
    {
        Description = "The paper's settings, which other options override. paper-embed: the embedding, 3 epochs from 2e-5. paper-partial: "
            + "a ticket, 5 epochs from 1e-2. Both: batches of 128, a cosine, the Alpaca template. They are also the defaults of --train.",
    }.AcceptOnlyFromAmong(PaperEmbed, PaperPartial);
    private static readonly Option<string?> TokenizerOption = new("--tokenizer")
    {
        Description = "The model's tokenizer; without it the one beside MODEL.",
        HelpName = "PATH",
    };
    private static readonly Option<int> LimitOption = OptionValue.Count("--limit", 0, 0, "Only the first N pairs; 0 takes all.");
    private static readonly Option<int?> LengthOption = OptionValue.Optional("--max-length", "TOKENS", 2,
        "The most tokens of a pair with its prompt; by default what the model was made for, 1024 at most.");
    private static readonly Option<string> OverlongOption = new Option<string>("--overlong")
    {
        Description = "What to do with longer pairs.",
        DefaultValueFactory = _ => "fail",
    }.AcceptOnlyFromAmong("fail", "skip", "truncate");
    private static readonly Option<string?> EvaluationOption = new("--eval")
    {
        Description = "Pairs to evaluate on, in the form of --data.",
        HelpName = "PAIRS",
    };
    private static readonly Option<double> ShareOption = OptionValue.Share("--eval-share", 0,
        "Hold the last share of --data out and evaluate on it.");
    private static readonly Option<string> DtypeOption = new Option<string>("--dtype")
    {
        Description = "The type of trained tensors in a checkpoint: f32, or keep for the base's own, rounded. A patch always holds F32.",
        DefaultValueFactory = _ => "f32",
    }.AcceptOnlyFromAmong("f32", "keep");

    public required string Model { get; init; }

    public required string Data { get; init; }

    public required ParallelTextOptions Pairs { get; init; }

    public required PromptOptions Prompt { get; init; }

    /// <summary><c>full</c>, <c>embedding</c>, <c>ticket</c> or <c>lora</c>.</summary>
    public required string Train { get; init; }

    /// <summary>Whether adapters learn.</summary>
    public bool IsLowRank => Train == LowRank;

    /// <summary>The rank of adapters.</summary>
    public int Rank { get; init; } = 8;

    public required TicketOptions Ticket { get; init; }

    public required TrainingPlan Plan { get; init; }

    public required RunFolderOptions Folder { get; init; }

    public required CheckpointOptions Reading { get; init; }

    public string? Tokenizer { get; init; }

    /// <summary>The most pairs.</summary>
    public int Limit { get; init; }

    /// <summary>The most tokens of a pair; null for what the model allows.</summary>
    public int? MaxLength { get; init; }

    public OverlongSamples Overlong { get; init; }

    public string? Evaluation { get; init; }

    public double EvaluationShare { get; init; }

    public bool KeepTypes { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(Check);
        command.Add(ModelArgument);
        foreach (Option option in (Option[])[DataOption, TrainOption, RankOption, PresetOption]) command.Add(option);
        TicketOptions.AddTo(command);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        foreach (Option option in (Option[])[LimitOption, LengthOption, OverlongOption, EvaluationOption, ShareOption, TokenizerOption])
            command.Add(option);
        PlanOptions.AddTo(command);
        RunFolderOptions.AddTo(command);
        foreach (Option option in (Option[])[DtypeOption, Cli.Reading.NoMemoryMap]) command.Add(option);
    }

    /// <summary>Reads the arguments.</summary>
    public static TuneOptions From(ParseResult arguments)
    {
        string train = TrainOf(arguments.GetValue(TrainOption), arguments.GetValue(PresetOption))!;
        string preset = arguments.GetValue(PresetOption) ?? (train == OfTicket ? PaperPartial : PaperEmbed);
        return new()
        {
            Model = arguments.GetRequiredValue(ModelArgument),
            Data = arguments.GetRequiredValue(DataOption),
            Pairs = PairOptions.From(arguments),
            Prompt = PromptOptions.From(arguments),
            Train = train,
            Rank = arguments.GetValue(RankOption) ?? 8,
            Ticket = TicketOptions.From(arguments),
            Plan = PlanOptions.From(arguments, preset == PaperPartial ? TrainingPlan.PaperPartial : TrainingPlan.PaperEmbed),
            Folder = RunFolderOptions.From(arguments),
            Reading = Cli.Reading.Of(arguments),
            Tokenizer = arguments.GetValue(TokenizerOption),
            Limit = arguments.GetValue(LimitOption) is 0 ? int.MaxValue : arguments.GetValue(LimitOption),
            MaxLength = arguments.GetValue(LengthOption),
            Overlong = Enum.Parse<OverlongSamples>(arguments.GetRequiredValue(OverlongOption), ignoreCase: true),
            Evaluation = arguments.GetValue(EvaluationOption),
            EvaluationShare = arguments.GetValue(ShareOption),
            KeepTypes = arguments.GetValue(DtypeOption) == "keep",
        };
    }

    private static void Check(CommandResult result)
    {
        string? train = TrainOf(result.GetValue(TrainOption), result.GetValue(PresetOption));
        bool hasRows = TicketOptions.AreGiven(result);
        if (train is null) result.AddError("Say what learns: --train full, embedding, ticket or lora, or a --preset.");
        if (train != LowRank && result.GetResult(RankOption) is not null) result.AddError($"--rank belongs to --train {LowRank}.");
        if (train == OfTicket && !hasRows)
            result.AddError("--train ticket needs the rows: --ticket FILE, or --only random or frequency with --rows K.");
        if (train is not (null or OfTicket) && hasRows)
            result.AddError($"--ticket, --only and --rows belong to --train ticket, not to {train}.");
        if (train == OfTicket && result.GetValue(DtypeOption) == "keep")
            result.AddError("--dtype keep is for checkpoints: a patch holds F32, and apply rounds it.");
        if (result.GetResult(EvaluationOption) is not null && result.GetValue(ShareOption) > 0)
            result.AddError("--eval and --eval-share exclude each other.");
    }

    private static string? TrainOf(string? train, string? preset) =>
        train ?? preset switch { PaperEmbed => "embedding", PaperPartial => OfTicket, _ => null };
}
