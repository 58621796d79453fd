using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Certificates;

/// <summary>What a form says of some positions.</summary>
/// <param name="Form">The form.</param>
/// <param name="Certified">Positions that it certifies.</param>
/// <param name="CertifiedRight">Those of them where the embed-tuned model predicts the reference.</param>
/// <param name="Violations">Those of them where the ticket model predicts otherwise; one is enough to falsify the form.</param>
public readonly record struct FormResult(CertificateForm Form, long Certified, long CertifiedRight, long Violations)
{
    /// <summary>Every form's result.</summary>
    /// <param name="positions">The positions.</param>
    /// <param name="threshold">τ(α).</param>
    /// <param name="width">d.</param>
    public static IReadOnlyList<FormResult> Of(IReadOnlyList<CertifiedPosition> positions, double threshold, int width)
    {
        ArgumentNullException.ThrowIfNull(positions);
        return [.. Enum.GetValues<CertificateForm>().Select(form =>
        {
            long certified = 0, right = 0, violations = 0;
            foreach (CertifiedPosition position in positions)
            {
                if (!position.IsCertified(form, threshold, width)) continue;
                certified++;
                if (position.IsRight) right++;
                if (!position.Agrees) violations++;
            }
            return new FormResult(form, certified, right, violations);
        })];
    }
}

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
