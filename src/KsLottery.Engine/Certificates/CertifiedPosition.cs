using KsLottery.Engine.Models;

namespace KsLottery.Engine.Certificates;

/// <summary>A target token, the right tokens before it being given, and what three models predict in its place.</summary>
/// <param name="Sample">The index of its sentence pair.</param>
/// <param name="Target">Its place among the pair's target tokens, from 0; the end token is the last.</param>
/// <param name="Label">The reference token.</param>
/// <param name="Tuned">The embed-tuned model's two likeliest tokens.</param>
/// <param name="TicketPrediction">The ticket model's likeliest token.</param>
/// <param name="BasePrediction">The untouched base's likeliest token.</param>
/// <param name="LargestCount">The largest h of a row that is read here and not in the ticket; 0 where there is none.</param>
/// <param name="CountSum">Σ h of the distinct rows that are read here and not in the ticket.</param>
public readonly record struct CertifiedPosition(
    int Sample, int Target, int Label, TopTwo Tuned, int TicketPrediction, int BasePrediction, int LargestCount, long CountSum)
{
    /// <summary>p₁ - p₂ of the embed-tuned model.</summary>
    public double Margin => Tuned.Margin;

    /// <summary>Whether the embed-tuned model predicts the reference.</summary>
    public bool IsRight => Tuned.First == Label;

    /// <summary>Whether the ticket model predicts what the embed-tuned model predicts.</summary>
    public bool Agrees => TicketPrediction == Tuned.First;

    /// <summary>What a form compares half the margin with.</summary>
    /// <param name="form">The form.</param>
    /// <param name="threshold">τ(α).</param>
    /// <param name="width">d, by which a count becomes a distance.</param>
    public double Bound(CertificateForm form, double threshold, int width) => form switch
    {
        CertificateForm.Dataset => threshold,
        CertificateForm.Max => Math.Max(threshold, (double)LargestCount / width),
        _ => (double)CountSum / width,
    };

    /// <summary>Whether a form certifies the embed-tuned model's prediction: its bound lies below half the margin.</summary>
    /// <inheritdoc cref="Bound" path="/param"/>
    public bool IsCertified(CertificateForm form, double threshold, int width) => Bound(form, threshold, width) < Margin / 2;

    /// <summary>Whether a form certifies the prediction and the ticket model predicts otherwise, which falsifies the form here.</summary>
    /// <inheritdoc cref="Bound" path="/param"/>
    public bool IsViolation(CertificateForm form, double threshold, int width) => !Agrees && IsCertified(form, threshold, width);
}
