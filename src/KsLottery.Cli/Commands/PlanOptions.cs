using System.CommandLine;
using System.Globalization;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments that say how a training goes, for <c>tune</c> and <c>pretrain</c>: what is left out keeps the command's default.</summary>
internal static class PlanOptions
{
    private const string Whole = "it must be a whole number from 1", Share = "it must be a number from 0 to below 1", NotNegative = "it must be a number from 0";

    private static readonly Option<double?> Epochs =
        OptionNumber.Optional<double>("--epochs", "How often the data are gone through.", "N", n => n > 0 && double.IsFinite(n), "it must be a number above 0");
    private static readonly Option<long?> Steps =
        OptionNumber.Optional<long>("--steps", "Optimizer steps, in place of --epochs.", "N", n => n >= 1, Whole);
    private static readonly Option<int?> Batch =
        OptionNumber.Optional<int>("--batch", "Sequences of an optimizer step.", "N", n => n >= 1, Whole);
    private static readonly Option<int?> MicroBatch =
        OptionNumber.Optional<int>("--micro-batch", "Tokens computed at once: fewer take less memory. 2048 by default.", "TOKENS", n => n >= 1, Whole);
    private static readonly Option<double?> LearningRate =
        OptionNumber.Optional<double>("--learning-rate", "The largest learning rate.", "RATE", n => n > 0 && double.IsFinite(n), "it must be a number above 0");
    private static readonly Option<string?> Schedule = new("--schedule")
    {
        Description = "Whether the rate falls by half a cosine or stays.",
        HelpName = "cosine|constant",
    };
    private static readonly Option<double?> FinalRate =
        OptionNumber.Optional<double>("--final-rate", "Where a cosine ends, as a share of the largest rate; 0 by default.", "SHARE", n => n is >= 0 and <= 1,
            "it must be a number from 0 to 1");
    private static readonly Option<double?> Warmup =
        OptionNumber.Optional<double>("--warmup", "The linear rise of the rate: below 1 a share of the steps, from 1 a number of steps.", "W",
            n => n is >= 0 and < 1 || (n >= 1 && n == Math.Floor(n) && double.IsFinite(n)), "it must be a share from 0 to below 1, or a whole number of steps");
    private static readonly Option<double?> Clip =
        OptionNumber.Optional<double>("--clip", "The norm that all gradients together are scaled down to; 0 never scales.", "NORM",
            n => n >= 0 && double.IsFinite(n), NotNegative);
    private static readonly Option<double?> WeightDecay =
        OptionNumber.Optional<double>("--weight-decay", "AdamW's decay of matrices.", "X", n => n >= 0 && double.IsFinite(n), NotNegative);
    private static readonly Option<double?> Beta1 =
        OptionNumber.Optional<double>("--beta1", "Decay of AdamW's first moment.", "X", n => n is >= 0 and < 1, Share);
    private static readonly Option<double?> Beta2 =
        OptionNumber.Optional<double>("--beta2", "Decay of AdamW's second moment.", "X", n => n is >= 0 and < 1, Share);
    private static readonly Option<ulong?> Seed =
        OptionNumber.Optional<ulong>("--seed", "Decides all that is random; 42 by default.", "N", _ => true, "it must be a whole number from 0");
    private static readonly Option<long?> EvaluateEvery =
        OptionNumber.Optional<long>("--eval-every", "Steps from one evaluation to the next; an epoch by default.", "STEPS", n => n >= 1, Whole);
    private static readonly Option<bool> Recompute = new("--recompute")
    {
        Description = "Compute activations again instead of keeping those of all layers: less memory, a third more work.",
    };
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "The folder of the run and its result: a new or empty one; with --resume one that holds an unfinished run.",
        HelpName = "DIR",
        Required = true,
    };
    private static readonly Option<bool> Resume = new("--resume")
    {
        Description = "Go on with the run in --out, with the same settings, to the same bytes as without the break.",
    };
    private static readonly Option<double> SaveEvery =
        OptionNumber.Of<double>("--save-every", "Save the state after this time.", "SECONDS", 300, n => n >= 0 && n < 1e9, NotNegative);
    private static readonly Option<int> Threads =
        OptionNumber.Of("--threads", "Threads; 0 takes one for each processor. The result is the same.", "N", 0, n => n >= 0, "it must be a whole number from 0");

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        Schedule.AcceptOnlyFromAmong("cosine", "constant");
        command.Validators.Add(result =>
        {
            if (result.GetResult(Epochs) is not null && result.GetResult(Steps) is not null) result.AddError("--epochs and --steps exclude each other.");
        });
        foreach (Option option in (Option[])[Epochs, Steps, Batch, MicroBatch, LearningRate, Schedule, FinalRate, Warmup, Clip, WeightDecay, Beta1, Beta2,
            Seed, EvaluateEvery, Recompute, Out, Resume, SaveEvery, Threads])
            command.Add(option);
    }

    /// <summary>The plan: what is said, over the defaults.</summary>
    public static TrainingPlan PlanOf(ParseResult arguments, TrainingPlan usual) => usual with
    {
        Epochs = arguments.GetValue(Epochs) ?? usual.Epochs,
        Steps = arguments.GetValue(Steps) ?? (arguments.GetValue(Epochs) is null ? usual.Steps : null),
        BatchSize = arguments.GetValue(Batch) ?? usual.BatchSize,
        MicroBatchRows = arguments.GetValue(MicroBatch) ?? usual.MicroBatchRows,
        LearningRate = arguments.GetValue(LearningRate) ?? usual.LearningRate,
        IsCosine = arguments.GetValue(Schedule) is { } schedule ? schedule == "cosine" : usual.IsCosine,
        FinalRate = arguments.GetValue(FinalRate) ?? usual.FinalRate,
        Warmup = arguments.GetValue(Warmup) ?? usual.Warmup,
        MaxGradientNorm = arguments.GetValue(Clip) ?? usual.MaxGradientNorm,
        WeightDecay = arguments.GetValue(WeightDecay) ?? usual.WeightDecay,
        Beta1 = arguments.GetValue(Beta1) ?? usual.Beta1,
        Beta2 = arguments.GetValue(Beta2) ?? usual.Beta2,
        Seed = arguments.GetValue(Seed) ?? usual.Seed,
        EvaluateEvery = arguments.GetValue(EvaluateEvery) ?? usual.EvaluateEvery,
        Recompute = arguments.GetValue(Recompute),
    };

    /// <summary>The folder.</summary>
    public static string OutOf(ParseResult arguments) => arguments.GetRequiredValue(Out);

    /// <summary>Whether the run goes on.</summary>
    public static bool ResumeOf(ParseResult arguments) => arguments.GetValue(Resume);

    /// <summary>When the state is saved.</summary>
    public static TimeSpan SaveEveryOf(ParseResult arguments) => TimeSpan.FromSeconds(arguments.GetValue(SaveEvery));

    /// <summary>The number of threads.</summary>
    public static int ThreadsOf(ParseResult arguments) => arguments.GetValue(Threads);

    /// <summary>A line on the schedule: <c>cosine from 2e-05, warmup 0.03</c>.</summary>
    public static string Describe(TrainingPlan plan) => string.Create(CultureInfo.InvariantCulture,
        $"{(plan.IsCosine ? "cosine" : "constant")} from {plan.LearningRate:g4}{(plan.IsCosine && plan.FinalRate > 0 ? $" to {plan.FinalRate * plan.LearningRate:g4}" : "")}, ")
        + string.Create(CultureInfo.InvariantCulture, $"warmup {plan.Warmup:g4}, AdamW {plan.Beta1} {plan.Beta2}, decay {plan.WeightDecay}, clip {plan.MaxGradientNorm}");
}
