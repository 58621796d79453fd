using System.CommandLine;
using System.Globalization;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments that say how a training steps, for <c>tune</c> and <c>pretrain</c>; what is left out keeps the command's
/// default.</summary>
internal static class PlanOptions
{
    private const string Positive = "it must be a number above 0", NotNegative = "it must be a number from 0";
    private const string Decay = "it must be a number from 0 to below 1";

    private static readonly Option<double?> Epochs = OptionValue.OptionalReal("--epochs", "N", IsPositive, Positive,
        "How often the data are gone through.");
    private static readonly Option<long?> Steps = OptionValue.Optional("--steps", "N", 1L,
        "Optimizer steps, in place of --epochs.");
    private static readonly Option<int?> Batch = OptionValue.OptionalCount("--batch", "Sequences of an optimizer step.");
    private static readonly Option<int?> MicroBatch = OptionValue.OptionalCount("--micro-batch",
        "Tokens computed at once; fewer take less memory. 2048 by default.");
    private static readonly Option<double?> LearningRate = OptionValue.OptionalReal("--learning-rate", "RATE", IsPositive, Positive,
        "The largest learning rate.");
    private static readonly Option<string?> Schedule = new Option<string?>("--schedule")
    {
        Description = "Whether the rate falls by half a cosine or stays.",
    }.AcceptOnlyFromAmong("cosine", "constant");
    private static readonly Option<double?> FinalRate = OptionValue.OptionalReal("--final-rate", "SHARE", n => n is >= 0 and <= 1,
        "it must be a number from 0 to 1", "Where a cosine ends, as a share of the largest rate; 0 by default.");
    private static readonly Option<double?> Warmup = OptionValue.OptionalReal("--warmup", "W",
        n => n is >= 0 and < 1 || (n == Math.Floor(n) && n < long.MaxValue),
        "it must be a share from 0 to below 1, or a whole number of steps",
        "The linear rise of the rate: below 1 a share of the steps, from 1 a number of steps. 0.03 by default.");
    private static readonly Option<double?> Clip = OptionValue.OptionalReal("--clip", "NORM", IsNotNegative, NotNegative,
        "The norm that all gradients together are scaled down to; 0 never scales. 1 by default.");
    private static readonly Option<double?> WeightDecay = OptionValue.OptionalReal("--weight-decay", "X", IsNotNegative, NotNegative,
        "AdamW's decay of matrices.");
    private static readonly Option<double?> Beta1 = OptionValue.OptionalReal("--beta1", "X", n => n is >= 0 and < 1, Decay,
        "Decay of AdamW's first moment.");
    private static readonly Option<double?> Beta2 = OptionValue.OptionalReal("--beta2", "X", n => n is >= 0 and < 1, Decay,
        "Decay of AdamW's second moment.");
    private static readonly Option<ulong?> Seed = OptionValue.Optional("--seed", "N", 0UL,
        "Decides all that is random; 42 by default.");
    private static readonly Option<long?> EvaluateEvery = OptionValue.Optional("--eval-every", "STEPS", 1L,
        "Steps from one evaluation to the next; an epoch by default.");
    private static readonly Option<bool> Recompute = new("--recompute")
    {
        Description = "Compute activations again instead of keeping those of all layers: less memory, a third more work.",
    };

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(Epochs) is not null && result.GetResult(Steps) is not null)
                result.AddError("--epochs and --steps exclude each other.");
        });
        foreach (Option option in (Option[])[Epochs, Steps, Batch, MicroBatch, LearningRate, Schedule, FinalRate, Warmup, Clip, WeightDecay,
            Beta1, Beta2, Seed, EvaluateEvery, Recompute])
            command.Add(option);
    }

    /// <summary>The plan: what is said, over the defaults.</summary>
    public static TrainingPlan From(ParseResult arguments, TrainingPlan usual) => usual with
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

    /// <summary>Rate and optimizer in a line: <c>cosine from 2e-05, warmup 0.03, AdamW 0.9 0.999, decay 0, clip 1</c>.</summary>
    public static string Describe(TrainingPlan plan)
    {
        string rate = string.Create(CultureInfo.InvariantCulture, $"{(plan.IsCosine ? "cosine" : "constant")} from {plan.LearningRate:g4}");
        string floor = plan.IsCosine && plan.FinalRate > 0
            ? string.Create(CultureInfo.InvariantCulture, $" to {plan.FinalRate * plan.LearningRate:g4}") : "";
        return rate + floor + string.Create(CultureInfo.InvariantCulture,
            $", warmup {plan.Warmup:g4}, AdamW {plan.Beta1} {plan.Beta2}, decay {plan.WeightDecay}, clip {plan.MaxGradientNorm}");
    }

    private static bool IsPositive(double value) => value > 0 && double.IsFinite(value);

    private static bool IsNotNegative(double value) => value >= 0 && double.IsFinite(value);
}
