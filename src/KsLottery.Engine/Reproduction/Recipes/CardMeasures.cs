using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reproduction;

/// <summary>The numbers of a report card's cell that claims may name, by the names that files give them.</summary>
internal static class CardMeasures
{
    /// <summary>The numbers, in the order of tables.</summary>
    public static IReadOnlyList<(string Name, Func<MatrixCell, double> Get)> All { get; } =
    [
        ("chrf", c => c.Scores.Chrf.Score), ("gain", c => c.Gain ?? double.NaN), ("bleu_over_pieces", c => c.Scores.PieceBleu.Score),
        (OffTargetRate, c => c.Scores.OffTargetRate), (IsOffTarget, c => c.IsOffTarget ? 1 : 0),
        (IdentifierError, c => c.Accuracy.ErrorRate), ("eos_rate", c => c.Scores.Summary.EosRate), ("loss", c => c.Loss),
    ];

    private const string OffTargetRate = "off_target_rate", IsOffTarget = "is_off_target", IdentifierError = "identifier_error";

    /// <summary>Whether less of a measure, of a cell or of a step, is better.</summary>
    public static bool IsCost(string measure) =>
        measure is "loss" or StepResult.CalibrationErrorName or OffTargetRate or IsOffTarget or IdentifierError
            or BetweenStep.Barrier or BetweenStep.BarrierAboveLine or SweepStep.LargestFall;
}
