using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery pretrain</c>.</summary>
internal sealed record PretrainOptions
{
    private const int MaxVocabulary = 1 << 20;

    private static readonly Option<string?> TokenizerOption = Options.Tokenizer(
        "A tokenizer; without it one is learned from the text, a byte-level BPE.");
    private static readonly Option<int> VocabularyOption = Options.Vocabulary(BpeTrainer.MinVocabulary, MaxVocabulary)
        .Default(4096, "Tokens of the tokenizer that is learned.");
    private static readonly Option<int> WidthOption = Options.Width(2).Default(256, "d, the width of an embedding row.");
    private static readonly Option<int> LayersOption = Options.Layers.Default(4, "Layers.");
    private static readonly Option<int> HeadsOption = Options.Heads.Default(8, "Heads of the attention.");
    private static readonly Option<int?> KeyHeadsOption = Options.KeyHeads(1).Optional(
        "Heads of keys and values; as many as --heads by default.");
    private static readonly Option<int?> FeedForwardOption = Options.FeedForward.Optional(
        "The width within the feed-forward block; by default 8/3 of --width, up to a multiple of 32.");
    private static readonly Option<int> LengthOption = Options.Length(2);
    private static readonly Option<bool> TiedOption = Options.Tied(
        "Let the output head be the embedding; by default it is its own, as in LLaMA-1.");
    private static readonly Option<double> ShareOption = Options.EvaluationShare(0.01,
        "Hold the last share of the text out and evaluate on it.");


    private static readonly Option<string[]> TicketOption = Options.Tickets(
        "With --outside zero, match-l1 or match-l2 the mask: a ticket of prune or find, or a patch; it may be of another model of this "
        + "shape. Several are united.");

    private ParseResult? _arguments;

    public required string[] Text { get; init; }

    public string? Tokenizer { get; init; }

    public int Vocabulary { get; init; }

    public double EvaluationShare { get; init; }

    public required TrainingPlan Plan { get; init; }

    /// <summary>The tickets whose units are kept.</summary>
    public required string[] Tickets { get; init; }

    public required MaskOptions Mask { get; init; }

    public required RunFolderOptions Folder { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(Check);
        command.Add(Options.Text, TokenizerOption, VocabularyOption, WidthOption, LayersOption, HeadsOption, KeyHeadsOption,
            FeedForwardOption, LengthOption, TiedOption, ShareOption);
        PlanOptions.AddTo(command);
        command.Add(TicketOption);
        MaskOptions.AddTo(command, TicketOption);
        command.Add(Options.Tensors);
        RunFolderOptions.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static PretrainOptions From(ParseResult arguments) => new()
    {
        _arguments = arguments,
        Text = arguments.GetRequiredValue(Options.Text),
        Tokenizer = arguments.GetValue(TokenizerOption),
        Vocabulary = arguments.GetValue(VocabularyOption),
        EvaluationShare = arguments.GetValue(ShareOption),
        Plan = PlanOptions.From(arguments, PlanDefaults.Pretrain),
        Tickets = arguments.GetValue(TicketOption) ?? [],
        Mask = MaskOptions.From(arguments),
        Folder = RunFolderOptions.From(arguments),
    };

    /// <summary>The model's shape, once its tokenizer is known.</summary>
    public LlamaConfig ConfigFor(Tokenizer tokenizer)
    {
        (int width, int heads) = (_arguments!.GetValue(WidthOption), _arguments.GetValue(HeadsOption));
        return new()
        {
            Width = width,
            FeedForwardWidth = _arguments.GetValue(FeedForwardOption) ?? ((width * 8 / 3) + 31) / 32 * 32,
            LayerCount = _arguments.GetValue(LayersOption),
            Attention = new(heads, _arguments.GetValue(KeyHeadsOption) ?? heads, width / heads),
            VocabularySize = tokenizer.Count,
            MaxLength = _arguments.GetValue(LengthOption),
            IsTied = _arguments.GetValue(TiedOption),
            BosTokenId = tokenizer.BosId,
            EosTokenIds = tokenizer.EosId is { } end ? [end] : [],
        };
    }

    private static void Check(CommandResult result)
    {
        (int width, int heads) = (result.GetValue(WidthOption), result.GetValue(HeadsOption));
        int keyHeads = result.GetValue(KeyHeadsOption) ?? heads;
        if (heads > 0 && (width % heads != 0 || width / heads % 2 != 0))
            result.AddError($"--width {width} over --heads {heads} must be an even whole number, since rotary positions need pairs.");
        if (keyHeads > 0 && heads % keyHeads != 0) result.AddError($"--heads {heads} must be a multiple of --key-heads {keyHeads}.");
        if (result.GetValue(Options.Outside) == Options.Freeze)
            result.AddError("--outside freeze leaves what lies outside as a base has it, and there is none yet. Take zero.");
        if (!MaskOptions.AreWhole(result) && result.GetResult(TicketOption) is not null)
            result.AddError("--ticket is the mask of --outside zero, match-l1 or match-l2: say which.");
        if (!MaskOptions.AreMoving(result) && result.GetResult(Options.Tensors) is not null)
            result.AddError("--tensors names the tensors of --outside straight-through or project. Leave it out.");
        if (result.GetResult(TokenizerOption) is not null && result.GetResult(VocabularyOption) is { Implicit: false })
            result.AddError("--tokenizer and --vocabulary exclude each other.");
    }
}
