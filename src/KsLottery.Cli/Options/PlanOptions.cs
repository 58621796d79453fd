using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>The arguments that say how a training steps, for <c>tune</c> and <c>pretrain</c>; what is left out keeps the command's
/// default.</summary>
internal static class PlanOptions
{
    private static readonly Option<int?> Batch = Options.Batch.Optional(
        $"Sequences of an optimizer step. {PlanDefaults.Of(plan => plan.BatchSize)}");
    private static readonly Option<ulong?> Seed = Options.Seed("Decides all that is random; 42 by default.");

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.Epochs) is not null && result.GetResult(Options.Steps) is not null)
                result.AddError("--epochs and --steps exclude each other.");
            if (IsRmsProp(result)
                && (result.GetResult(Options.Beta1) ?? result.GetResult(Options.WeightDecay)) is not null)
                result.AddError("--beta1 and --weight-decay are AdamW's: --optimizer rmsprop has no momentum and no decay.");
        });
        command.Add(Options.Epochs, Options.Steps, Batch, Options.MicroBatch, Options.LearningRate, Options.Schedule, Options.FinalRate,
            Options.Warmup, Options.Optimizer, Options.Clip, Options.ClipPerTensor, Options.WeightDecay, Options.Beta1, Options.Beta2,
            Seed, Options.EvaluateEvery, Options.Recompute);
    }

    /// <summary>The plan: what is said, over the defaults.</summary>
    public static TrainingPlan From(ParseResult arguments, TrainingPlan usual) => usual with
    {
        Epochs = arguments.GetValue(Options.Epochs) ?? usual.Epochs,
        Steps = arguments.GetValue(Options.Steps) ?? (arguments.GetValue(Options.Epochs) is null ? usual.Steps : null),
        BatchSize = arguments.GetValue(Batch) ?? usual.BatchSize,
        MicroBatchRows = arguments.GetValue(Options.MicroBatch) ?? usual.MicroBatchRows,
        LearningRate = arguments.GetValue(Options.LearningRate) ?? usual.LearningRate,
        IsCosine = arguments.GetValue(Options.Schedule) is { } schedule ? schedule == "cosine" : usual.IsCosine,
        FinalRate = arguments.GetValue(Options.FinalRate) ?? usual.FinalRate,
        Warmup = arguments.GetValue(Options.Warmup) ?? usual.Warmup,
        Optimizer = IsRmsProp(arguments.CommandResult) ? OptimizerKind.RmsProp : OptimizerKind.AdamW,
        MaxGradientNorm = arguments.GetValue(Options.Clip) ?? usual.MaxGradientNorm,
        ClipsPerTensor = arguments.GetValue(Options.ClipPerTensor),
        WeightDecay = IsRmsProp(arguments.CommandResult) ? 0 : arguments.GetValue(Options.WeightDecay) ?? usual.WeightDecay,
        Beta1 = arguments.GetValue(Options.Beta1) ?? usual.Beta1,
        Beta2 = arguments.GetValue(Options.Beta2) ?? usual.Beta2,
        Alpha = arguments.GetValue(Options.Beta2) ?? usual.Alpha,
        Seed = arguments.GetValue(Seed) ?? usual.Seed,
        EvaluateEvery = arguments.GetValue(Options.EvaluateEvery) ?? usual.EvaluateEvery,
        Recompute = arguments.GetValue(Options.Recompute),
    };

    /// <summary>Rate and optimizer in a line: <c>cosine from 2e-05, warmup 0.03, AdamW 0.9 0.999, decay 0, clip 1</c>.</summary>
    public static string Describe(TrainingPlan plan)
    {
        string rate = string.Create(CultureInfo.InvariantCulture, $"{(plan.IsCosine ? "cosine" : "constant")} from {plan.LearningRate:g4}");
        string floor = plan.IsCosine && plan.FinalRate > 0
            ? string.Create(CultureInfo.InvariantCulture, $" to {plan.FinalRate * plan.LearningRate:g4}") : "";
        string optimizer = plan.Optimizer == OptimizerKind.RmsProp ? string.Create(CultureInfo.InvariantCulture, $"RMSprop {plan.Alpha}")
            : string.Create(CultureInfo.InvariantCulture, $"AdamW {plan.Beta1} {plan.Beta2}, decay {plan.WeightDecay}");
        string distance = Distance("L1", plan.L1ToBase) + Distance("L2", plan.L2ToBase);
        return rate + floor + string.Create(CultureInfo.InvariantCulture,
            $", warmup {plan.Warmup:g4}, {optimizer}, clip {plan.MaxGradientNorm}{(plan.ClipsPerTensor ? " per tensor" : "")}{distance}");
    }

    private static string Distance(string name, double lambda) =>
        lambda > 0 ? string.Create(CultureInfo.InvariantCulture, $", {name} to the base {lambda}") : "";

    private static bool IsRmsProp(CommandResult result) => result.GetValue(Options.Optimizer) == "rmsprop";
}
