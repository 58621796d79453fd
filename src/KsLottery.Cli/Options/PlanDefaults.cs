using System.Globalization;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>How a training steps where an option is left out.</summary>
internal static class PlanDefaults
{
    /// <summary>That of <c>pretrain</c>.</summary>
    public static TrainingPlan Pretrain { get; } = new()
    {
        Epochs = 1,
        BatchSize = 16,
        LearningRate = 1e-3,
        WeightDecay = 0.1,
        Beta2 = 0.95,
    };

    /// <summary>The default of an option, for the end of its description: of each command and preset where they differ.</summary>
    public static string Of<T>(Func<TrainingPlan, T> value) where T : IFormattable
    {
        string Said(TrainingPlan plan) => value(plan).ToString("", CultureInfo.InvariantCulture).ToLowerInvariant();
        string tune = Said(TrainingPlan.PaperEmbed), partial = Said(TrainingPlan.PaperPartial), pretrain = Said(Pretrain);
        return $"{tune} by default" + (partial == tune ? "" : $", {partial} with --preset paper-partial")
            + (pretrain == tune ? "." : $", {pretrain} in pretrain.");
    }
}
