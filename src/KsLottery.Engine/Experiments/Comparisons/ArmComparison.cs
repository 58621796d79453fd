using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>What a comparison of two arms says.</summary>
public enum ComparisonVerdict
{
    /// <summary>A number is none, or what was written is not at hand segment by segment.</summary>
    Unknown,
    /// <summary>The interval of the difference holds 0.</summary>
    NotToldApart,
    /// <summary>The arm does better than its control.</summary>
    Better,
    /// <summary>The arm does worse than its control.</summary>
    Worse,
}

/// <summary>An arm held against a control on one task, by a paired bootstrap over test pairs and seeds.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Arm">The arm.</param>
/// <param name="Control">The control; the base is one.</param>
/// <param name="Bleu">BLEU of the arm less that of the control, of all that was written, with its 95 % interval.</param>
/// <param name="Loss">The same of the loss in nats a target token, of which less is better.</param>
/// <param name="Seeds">The seeds that both have, of which those of a resample are drawn.</param>
/// <param name="Segments">The test pairs, of which those of a resample are drawn.</param>
public sealed record ArmComparison(
    string Task, ExperimentArm Arm, ExperimentArm Control, ScoreInterval Bleu, ScoreInterval Loss, int Seeds, int Segments)
{
    /// <summary>What BLEU says.</summary>
    public ComparisonVerdict ByBleu => Judge(Bleu.Low, Bleu.High);

    /// <summary>What the loss says.</summary>
    public ComparisonVerdict ByLoss => Judge(-Loss.High, -Loss.Low);

    /// <summary>What files and tables call a verdict.</summary>
    public static string NameOf(ComparisonVerdict verdict) => verdict switch
    {
        ComparisonVerdict.Unknown => "unknown",
        ComparisonVerdict.NotToldApart => "not told apart",
        ComparisonVerdict.Better => "better",
        ComparisonVerdict.Worse => "worse",
        _ => throw new System.Diagnostics.UnreachableException($"{verdict} has no name"),
    };

    private static ComparisonVerdict Judge(double low, double high) =>
        double.IsNaN(low) || double.IsNaN(high) ? ComparisonVerdict.Unknown
        : low > 0 ? ComparisonVerdict.Better
        : high < 0 ? ComparisonVerdict.Worse
        : ComparisonVerdict.NotToldApart;
}
