using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery tune</c>.</summary>
internal sealed record TuneOptions : IPairData
{
    private const string PaperEmbed = "paper-embed", PaperPartial = "paper-partial";

    private static readonly Argument<string> ModelArgument = new("MODEL")
    {
        Description = "The base: a Hugging Face folder, or a .safetensors file with config.json beside it.",
    };
    private static readonly Option<string?> DataOption = Options.Data();
    private static readonly Option<string[]> TextOption = Options.PlainTexts("Plain text to learn, in place of --data", isRequired: false);
    private static readonly Option<string?> PresetOption = Options.Preset(
        "The paper's settings, which other options override. paper-embed: the embedding, 3 epochs from 2e-5. paper-partial: "
        + "a ticket, 5 epochs from 1e-2. Both: batches of 128, a cosine, the Alpaca template. They are also the defaults of --train.",
        PaperEmbed, PaperPartial);
    private static readonly Option<string> OverlongOption = Options.Overlong("What to do with longer pairs.", "fail", "skip", "truncate");
    private static readonly Option<double> ShareOption = Options.EvaluationShare(0,
        "Hold the last share of --data out and evaluate on it.");
    private static readonly Option<string> DtypeOption = Options.Dtype(
        "The type of trained tensors in a checkpoint: f32, or keep for the base's own, rounded. A patch always holds F32.", "f32", "keep");

    /// <summary>What plain text has no use for.</summary>
    private static readonly Option[] OfPairs = [Options.SourceColumn, Options.TargetColumn, Options.SourceKey, Options.TargetKey,
        Options.SkipIncomplete, Options.Template, Options.TemplateText, Options.SourceLanguage, Options.TargetLanguage, Options.PairLimit,
        OverlongOption, Options.Evaluation];

    public required string Model { get; init; }

    /// <summary>The pairs; empty where the data are plain text.</summary>
    public required string Data { get; init; }

    /// <summary>Whether the data are plain text.</summary>
    public bool IsText => Text.Length > 0;

    /// <summary>Files of plain text.</summary>
    public required string[] Text { get; init; }

    public required ParallelTextOptions Pairs { get; init; }

    public required PromptOptions Prompt { get; init; }

    /// <summary>One of <see cref="TrainingScope.Names"/>.</summary>
    public required string Train { get; init; }

    /// <summary>Whether adapters learn.</summary>
    public bool IsLowRank => Train == TrainingScope.LowRankName;

    /// <summary>The rank of adapters.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>How many values move; 0 where none does.</summary>
    public long Values { get; init; }

    public required TicketOptions Ticket { get; init; }

    public required MaskOptions Mask { get; init; }

    /// <summary>The patch on top of which a ticket learns; null for none.</summary>
    public string? With { get; init; }

    public required TrainingPlan Plan { get; init; }

    public required ObjectiveOptions Objective { get; init; }

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
        command.Add(DataOption, TextOption, Options.Train, Options.Rank, Options.Values, Options.RegrowEvery, Options.RegrowRate,
            PresetOption);
        TicketOptions.AddTo(command);
        MaskOptions.AddTo(command, TicketOptions.TicketOption);
        command.Add(Options.With);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        command.Add(Options.PairLimit, Options.MaxLength, OverlongOption, Options.Evaluation, ShareOption, Options.ModelTokenizer);
        PlanOptions.AddTo(command);
        ObjectiveOptions.AddTo(command);
        RunFolderOptions.AddTo(command);
        command.Add(DtypeOption, Options.NoMemoryMap, Options.IgnoreChecksum);
    }

    /// <summary>Reads the arguments.</summary>
    public static TuneOptions From(ParseResult arguments)
    {
        string train = TrainOf(arguments.CommandResult)!;
        string preset = arguments.GetValue(PresetOption) ?? (train == TrainingScope.TicketName ? PaperPartial : PaperEmbed);
        return new()
        {
            Model = arguments.GetRequiredValue(ModelArgument),
            Data = arguments.GetValue(DataOption) ?? "",
            Text = arguments.GetValue(TextOption) ?? [],
            Pairs = PairOptions.From(arguments),
            Prompt = PromptOptions.From(arguments),
            Train = train,
            Rank = arguments.GetValue(Options.Rank) ?? 8,
            Values = arguments.GetValue(Options.Values) ?? 0,
            Ticket = TicketOptions.From(arguments),
            Mask = MaskOptions.From(arguments),
            With = arguments.GetValue(Options.With),
            Plan = PlanOptions.From(arguments, preset == PaperPartial ? TrainingPlan.PaperPartial : TrainingPlan.PaperEmbed) with
            {
                L1ToBase = arguments.GetValue(Options.L1ToBase) ?? 0,
                L2ToBase = arguments.GetValue(Options.L2ToBase) ?? 0,
                Regrowth = RegrowthOf(arguments),
            },
            Objective = ObjectiveOptions.From(arguments),
            Folder = RunFolderOptions.From(arguments),
            Reading = Cli.Reading.Of(arguments),
            Tokenizer = arguments.GetValue(Options.ModelTokenizer),
            Limit = Options.Unlimited(arguments.GetValue(Options.PairLimit)),
            MaxLength = arguments.GetValue(Options.MaxLength),
            Overlong = Enum.Parse<OverlongSamples>(arguments.GetRequiredValue(OverlongOption), ignoreCase: true),
            Evaluation = arguments.GetValue(Options.Evaluation),
            EvaluationShare = arguments.GetValue(ShareOption),
            KeepTypes = arguments.GetValue(DtypeOption) == "keep",
        };
    }

    private static RegrowthPlan RegrowthOf(ParseResult arguments)
    {
        RegrowthPlan plan = new();
        return plan with
        {
            Every = arguments.GetValue(Options.RegrowEvery) ?? plan.Every,
            Rate = arguments.GetValue(Options.RegrowRate) ?? plan.Rate,
        };
    }

    private static void Check(CommandResult result)
    {
        string? train = TrainOf(result);
        bool isWhole = MaskOptions.AreWhole(result), hasRows = TicketOptions.AreGiven(result, beside: isWhole);
        if (result.GetValue(DataOption) is null == result.GetResult(TextOption) is null)
            result.AddError("Say what to learn from: --data PAIRS, or --text FILE.");
        string[] ofPairs = [.. OfPairs.Where(option => result.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
        if (result.GetResult(TextOption) is not null && ofPairs.Length > 0)
            result.AddError($"{string.Join(", ", ofPairs)}: plain text has no pairs and no prompt. Leave out what is about them, or give "
                + "--data.");
        if (train is null) result.AddError("Say what learns: --train full, embedding, ticket, lora or spiel, or a --preset.");
        if (train != TrainingScope.LowRankName && result.GetResult(Options.Rank) is not null)
            result.AddError($"--rank belongs to --train {TrainingScope.LowRankName}.");
        if (train == TrainingScope.TicketName && !isWhole && !hasRows)
            result.AddError("--train ticket needs the rows: --ticket FILE, or --only random or frequency with --rows K.");
        bool isRegrown = train == TrainingScope.RegrownName;
        if (isRegrown && result.GetResult(Options.Values) is null)
            result.AddError($"--train {train} trains --values K: say how many.");
        if (!isRegrown && ((Option[])[Options.Values, Options.RegrowEvery, Options.RegrowRate]).Any(o => result.GetResult(o) is not null))
            result.AddError($"--values, --regrow-every and --regrow-rate belong to --train {TrainingScope.RegrownName}.");
        if (train is not (null or TrainingScope.TicketName) && hasRows)
            result.AddError(isWhole
                ? "--only, --rows and --complement choose what --train ticket trains. Leave them out."
                : $"--ticket, --only, --rows and --complement belong to --train ticket, not to {train}.");
        if (!isRegrown && train is not (null or TrainingScope.TicketName) && result.GetResult(Options.With) is not null)
            result.AddError($"--with is for --train ticket: {train} writes a checkpoint, which would hold the patch too. Apply the patch, "
                + "and tune what apply writes.");
        if (train == TrainingScope.LowRankName)
            foreach (string distance in ObjectiveOptions.DistancesOf(result))
                result.AddError($"{distance} is not for --train {TrainingScope.LowRankName}: adapters begin at random.");
        if ((isRegrown || train == TrainingScope.TicketName) && result.GetValue(DtypeOption) == "keep")
            result.AddError("--dtype keep is for checkpoints: a patch holds F32, and apply rounds it.");
        if (isWhole && train is not (TrainingScope.FullName or TrainingScope.EmbeddingName))
            result.AddError($"--outside {result.GetValue(Options.Outside)} is for --train full, its default, or embedding; {train} learns "
                + "little, and freezes all else.");
        if (result.GetValue(Options.Outside) == Options.Freeze && train != TrainingScope.TicketName)
            result.AddError("--outside freeze is what --train ticket does. Leave it out, or train the ticket.");
        foreach (string distance in ObjectiveOptions.DistancesOf(result).Where(_ => isWhole))
            result.AddError($"{distance} draws values to where they began, and --outside elsewhere. Leave one of them out.");
        if (result.GetValue(Options.Rewind) is { Path: null } && train != TrainingScope.FullName)
            result.AddError("--rewind random:SEED draws all weights anew, and is for --train full.");
        if (result.GetResult(Options.Evaluation) is not null && result.GetValue(ShareOption) > 0)
            result.AddError("--eval and --eval-share exclude each other.");
    }

    private static string? TrainOf(CommandResult result) =>
        result.GetValue(Options.Train) ?? result.GetValue(PresetOption) switch
        {
            PaperEmbed => TrainingScope.EmbeddingName,
            PaperPartial => TrainingScope.TicketName,
            _ => MaskOptions.AreWhole(result) ? TrainingScope.FullName : null,
        };
}
