using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Certificates;

/// <summary>The ticket of one alpha by Partial Transfer, and what is certified of it.</summary>
/// <param name="Alpha">α.</param>
/// <param name="Threshold">τ(α).</param>
/// <param name="CriticalCount">The least h of a row in the ticket.</param>
/// <param name="Rows">The number of its rows; every ticket holds those of all smaller alphas.</param>
/// <param name="Forms">Each form's result.</param>
/// <param name="Agreement">Positions where base and ticket predict what the embed-tuned model predicts.</param>
public sealed record SweepPoint(double Alpha, double Threshold, int CriticalCount, int Rows,
    IReadOnlyList<FormResult> Forms, Proportion Agreement)
{
    /// <summary>The scores of what base and ticket write; null where nothing was generated.</summary>
    public OutputScores? Scores { get; init; }
}
