using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery graft</c>.</summary>
internal sealed record GraftOptions : IPairData
{
    private const double DefaultHeldOut = 0.1;

    private static readonly Argument<string> BaseArgument = new("BASE")
    {
        Description = "The model before tuning: a Hugging Face folder, or a .safetensors file with config.json beside it.",
    };
    private static readonly Argument<string> TunedArgument = new("TUNED")
    {
        Description = "The model after tuning; or the folder of a PEFT adapter, merged into BASE in memory.",
    };
    private static readonly Option<string> OverlongOption = Options.Overlong("What to do with longer pairs.", "fail", "skip", "truncate");
    private static readonly Option<double> ShareOption = Options.EvaluationShare(DefaultHeldOut,
        "Hold the last share of --data out, where there is no --eval: the mask of the lowest loss on it is the graft.");
    private static readonly Option<int?> BatchOption = Options.Batch.Optional(
        "Pairs that the gradient of a step is the mean of; 1024 by default.");
    private static readonly Option<ulong?> SeedOption = Options.Seed("Decides all that is random; 42 by default.");

    public required string Base { get; init; }

    public required string Tuned { get; init; }

    public required string Data { get; init; }

    public required ParallelTextOptions Pairs { get; init; }

    public required PromptOptions Prompt { get; init; }

    public required RunFolderOptions Folder { get; init; }

    /// <summary>How the graft is learned; folder and settings are still the command's to say.</summary>
    public required GraftRunOptions How { get; init; }

    public required CheckpointOptions Reading { get; init; }

    public string? Tokenizer { get; init; }

    public int Limit { get; init; }

    public int? MaxLength { get; init; }

    public OverlongSamples Overlong { get; init; }

    public string? Evaluation { get; init; }

    public double EvaluationShare { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.GraftShare) is null)
                result.AddError("Say how large the base patch is: --share 0.01%, for instance.");
            if (result.GetResult(Options.Evaluation) is not null && result.GetResult(ShareOption) is { Implicit: false })
                result.AddError("--eval and --eval-share exclude each other.");
        });
        command.Add(BaseArgument, TunedArgument);
        command.Add(Options.RequiredData, Options.GraftShare, Options.Candidates, Options.MaxShare, Options.Tensors);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        command.Add(Options.PairLimit, Options.MaxLength, OverlongOption, Options.Evaluation, ShareOption, Options.ModelTokenizer,
            Options.GraftSteps, BatchOption, Options.MicroBatch, Options.GraftRate, Options.Bias, SeedOption, Options.Recompute);
        RunFolderOptions.AddTo(command, canDiverge: false);
        command.Add(Options.NoMemoryMap);
    }

    /// <summary>Reads the arguments.</summary>
    public static GraftOptions From(ParseResult arguments)
    {
        RunFolderOptions folder = RunFolderOptions.From(arguments);
        GraftRunOptions usual = new() { Share = arguments.GetValue(Options.GraftShare)!.Value, Out = folder.Out };
        return new()
        {
            Base = arguments.GetRequiredValue(BaseArgument),
            Tuned = arguments.GetRequiredValue(TunedArgument),
            Data = arguments.GetRequiredValue(Options.RequiredData),
            Pairs = PairOptions.From(arguments),
            Prompt = PromptOptions.From(arguments),
            Folder = folder,
            How = usual with
            {
                Candidates = arguments.GetValue(Options.Candidates) ?? usual.Candidates,
                MaxShare = arguments.GetValue(Options.MaxShare),
                Tensors = arguments.GetValue(Options.Tensors),
                LearningRate = arguments.GetValue(Options.GraftRate) ?? usual.LearningRate,
                Bias = arguments.GetValue(Options.Bias) ?? usual.Bias,
                Steps = arguments.GetValue(Options.GraftSteps) ?? usual.Steps,
                BatchSize = arguments.GetValue(BatchOption) ?? usual.BatchSize,
                MicroBatchRows = arguments.GetValue(Options.MicroBatch) ?? usual.MicroBatchRows,
                Seed = arguments.GetValue(SeedOption) ?? usual.Seed,
                Recompute = arguments.GetValue(Options.Recompute),
                Resume = folder.Resume,
                SaveEvery = folder.SaveEvery,
            },
            Reading = Cli.Reading.Of(arguments),
            Tokenizer = arguments.GetValue(Options.ModelTokenizer),
            Limit = Options.Unlimited(arguments.GetValue(Options.PairLimit)),
            MaxLength = arguments.GetValue(Options.MaxLength),
            Overlong = Enum.Parse<OverlongSamples>(arguments.GetRequiredValue(OverlongOption), ignoreCase: true),
            Evaluation = arguments.GetValue(Options.Evaluation),
            EvaluationShare = arguments.GetValue(Options.Evaluation) is null ? arguments.GetValue(ShareOption) : 0,
        };
    }
}
