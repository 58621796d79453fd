using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Certificates;

/// <summary>The tab-separated views of a certificate: a title line, invariant numbers that read back the same, a line feed behind every
/// line.</summary>
internal static class CertificateTables
{
    /// <summary>The default name of the table of positions.</summary>
    public const string PositionsName = "certificate.tsv";

    /// <summary>The default name of the table of alphas.</summary>
    public const string SweepName = "alpha-sweep.tsv";

    /// <summary>
    /// One line a position by the max form, the paper's style, in the manner of locuslab/smoothing: index, reference token, the embed-tuned
    /// model's, p₁ - p₂, the bound that half of it must exceed, whether it does, and whether the ticket model predicts the same.
    /// </summary>
    public static string Positions(Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        StringBuilder text = new("idx\tlabel\tpredict\tmargin\tbound\tcertified\tagrees\n");
        foreach ((int index, CertifiedPosition p) in certificate.Positions.Index())
        {
            double bound = p.Bound(CertificateForm.Max, certificate.Threshold, certificate.Width);
            bool isCertified = p.IsCertified(CertificateForm.Max, certificate.Threshold, certificate.Width);
            text.Append(CultureInfo.InvariantCulture,
                $"{index}\t{p.Label}\t{p.Tuned.First}\t{p.Margin}\t{bound}\t{(isCertified ? 1 : 0)}\t{(p.Agrees ? 1 : 0)}\n");
        }
        return text.ToString();
    }

    /// <summary>One line an alpha, smallest first.</summary>
    public static string Sweep(Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        StringBuilder text = new("alpha\ttau\tcritical_h\trows\tparameters");
        foreach (string form in Enum.GetValues<CertificateForm>().Select(CertificateFile.NameOf))
            text.Append(CultureInfo.InvariantCulture, $"\t{form}_certified\t{form}_accuracy\t{form}_violations");
        text.Append("\tagreement\tagreement_low\tagreement_high\tbleu\tbleu_first_line\tchrf\n");
        foreach (SweepPoint point in certificate.Sweep)
        {
            double all = certificate.Positions.Count;
            text.Append(CultureInfo.InvariantCulture,
                $"{point.Alpha}\t{point.Threshold}\t{point.CriticalCount}\t{point.Rows}\t{(long)point.Rows * certificate.Width}");
            foreach (FormResult form in point.Forms)
                text.Append(CultureInfo.InvariantCulture, $"\t{form.Certified / all}\t{form.CertifiedRight / all}\t{form.Violations}");
            text.Append(CultureInfo.InvariantCulture,
                $"\t{point.Agreement.Share}\t{point.Agreement.Interval.Low}\t{point.Agreement.Interval.High}");
            text.Append(CultureInfo.InvariantCulture,
                $"\t{Score(point.Scores?.Raw.Bleu.Score)}\t{Score(point.Scores?.FirstLine.Bleu.Score)}"
                + $"\t{Score(point.Scores?.Raw.Chrf.Score)}\n");
        }
        return text.ToString();
    }

    /// <summary>Writes those that have lines into a folder; returns their names.</summary>
    internal static IReadOnlyList<string> Write(string folder, Certificate certificate, CancellationToken cancellationToken)
    {
        AtomicFile.WriteText(Path.Combine(folder, PositionsName), Positions(certificate), cancellationToken);
        if (certificate.Sweep.Count == 0) return [PositionsName];
        AtomicFile.WriteText(Path.Combine(folder, SweepName), Sweep(certificate), cancellationToken);
        return [PositionsName, SweepName];
    }

    private static string Score(double? score) => score is { } value ? value.ToString("R", CultureInfo.InvariantCulture) : "nan";
}
