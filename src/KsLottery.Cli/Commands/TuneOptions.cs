using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>kslottery tune</c>.</summary>
internal sealed record TuneOptions
{
    private const string PaperEmbed = "paper-embed", PaperPartial = "paper-partial";
    private const int AuthorsLength = 1024;

    private static readonly Argument<string> ModelArgument = new("MODEL") { Description = "The base: a model's folder, or a .safetensors file with its config.json beside it." };
    private static readonly Option<string?> TrainOption = new("--train") { Description = "What learns; a preset says it too.", HelpName = "full|embedding|ticket" };
    private static readonly Option<string?> PresetOption = new("--preset")
    {
        Description = "The paper's settings, which other options override. paper-embed: the embedding, 3 epochs from 2e-5; paper-partial: a ticket, 5 epochs "
            + "from 1e-2; both in batches of 128, cosine, warmup .03, the Alpaca template.",
        HelpName = $"{PaperEmbed}|{PaperPartial}",
    };
    private static readonly Option<string?> TokenizerOption = new("--tokenizer") { Description = "The tokenizer; without it the one beside MODEL.", HelpName = "FILE" };
    private static readonly Option<int?> LengthOption = OptionNumber.Optional<int>("--max-length",
        "The most tokens of a sample, prompt included; by default what the model was made for, 1024 at most.", "TOKENS", n => n >= 2, "it must be a whole number from 2");
    private static readonly Option<string> OverlongOption = new("--overlong")
    {
        Description = "What happens to longer samples.",
        HelpName = "fail|skip|truncate",
        DefaultValueFactory = _ => "fail",
    };
    private static readonly Option<string?> EvalOption = new("--eval") { Description = "Pairs to evaluate on, read as --data.", HelpName = "PAIRS" };
    private static readonly Option<double> EvalShareOption = OptionNumber.Of<double>("--eval-share",
        "Hold the last share of --data out and evaluate on it.", "SHARE", 0, n => n is >= 0 and < 1, "it must be a number from 0 to below 1");
    private static readonly Option<string> DtypeOption = new("--dtype")
    {
        Description = "The type of trained tensors in a checkpoint: f32, or the base's own, rounded. A patch always holds F32.",
        HelpName = "f32|keep",
        DefaultValueFactory = _ => "f32",
    };

    public required string Model { get; init; }

    /// <summary><c>full</c>, <c>embedding</c> or <c>ticket</c>.</summary>
    public required string Train { get; init; }

    public required TrainingPlan Plan { get; init; }

    public required TuningPairs Pairs { get; init; }

    public required TicketOptions Ticket { get; init; }

    public required CheckpointOptions Reading { get; init; }

    public string? Tokenizer { get; init; }

    public int? MaxLength { get; init; }

    public OverlongSamples Overlong { get; init; }

    public string? Evaluation { get; init; }

    public double EvaluationShare { get; init; }

    public bool KeepTypes { get; init; }

    public required string Out { get; init; }

    public bool Resume { get; init; }

    public TimeSpan SaveEvery { get; init; }

    public int Threads { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        TrainOption.AcceptOnlyFromAmong("full", "embedding", "ticket");
        PresetOption.AcceptOnlyFromAmong(PaperEmbed, PaperPartial);
        OverlongOption.AcceptOnlyFromAmong("fail", "skip", "truncate");
        DtypeOption.AcceptOnlyFromAmong("f32", "keep");
        command.Validators.Add(result =>
        {
            string? train = TrainOf(result.GetValue(TrainOption), result.GetValue(PresetOption));
            bool hasRows = result.Children.Any(c => c is System.CommandLine.Parsing.OptionResult { Option.Name: "--ticket" or "--only" or "--rows" });
            if (train is null) result.AddError("say what learns: --train full, embedding or ticket, or a --preset.");
            if (train == "ticket" && !hasRows) result.AddError("--train ticket needs the rows: --ticket FILE, or --only random or frequency with --rows K.");
            if (train is "full" or "embedding" && hasRows) result.AddError($"--ticket, --only and --rows belong to --train ticket, not to {train}.");
            if (train == "ticket" && result.GetValue(DtypeOption) == "keep") result.AddError("--dtype keep is for checkpoints: a patch holds F32, and apply rounds it.");
            if (result.GetResult(EvalOption) is not null && result.GetValue(EvalShareOption) > 0) result.AddError("--eval and --eval-share exclude each other.");
        });
        command.Add(ModelArgument);
        TuningPairs.AddTo(command);
        foreach (Option option in (Option[])[TrainOption, PresetOption]) command.Add(option);
        TicketOptions.AddTo(command);
        foreach (Option option in (Option[])[TokenizerOption, LengthOption, OverlongOption, EvalOption, EvalShareOption, DtypeOption, Cli.Reading.NoMemoryMap]) command.Add(option);
        PlanOptions.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static TuneOptions From(ParseResult arguments)
    {
        string train = TrainOf(arguments.GetValue(TrainOption), arguments.GetValue(PresetOption))!;
        return new()
        {
            Model = arguments.GetRequiredValue(ModelArgument),
            Train = train,
            Plan = PlanOptions.PlanOf(arguments, (arguments.GetValue(PresetOption) ?? (train == "ticket" ? PaperPartial : PaperEmbed)) == PaperPartial
                ? TrainingPlan.PaperPartial : TrainingPlan.PaperEmbed),
            Pairs = new(arguments),
            Ticket = new(arguments),
            Reading = Cli.Reading.Of(arguments),
            Tokenizer = arguments.GetValue(TokenizerOption),
            MaxLength = arguments.GetValue(LengthOption),
            Overlong = arguments.GetValue(OverlongOption) switch { "skip" => OverlongSamples.Skip, "truncate" => OverlongSamples.Truncate, _ => OverlongSamples.Fail },
            Evaluation = arguments.GetValue(EvalOption),
            EvaluationShare = arguments.GetValue(EvalShareOption),
            KeepTypes = arguments.GetValue(DtypeOption) == "keep",
            Out = PlanOptions.OutOf(arguments),
            Resume = PlanOptions.ResumeOf(arguments),
            SaveEvery = PlanOptions.SaveEveryOf(arguments),
            Threads = PlanOptions.ThreadsOf(arguments),
        };
    }

    /// <summary>The most tokens of a sample for a model of some length.</summary>
    public int LengthFor(int modelLength) => MaxLength ?? Math.Min(AuthorsLength, modelLength);

    private static string? TrainOf(string? train, string? preset) => train ?? preset switch { PaperEmbed => "embedding", PaperPartial => "ticket", _ => null };
}
