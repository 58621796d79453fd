using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Reports;

/// <summary>One line of <c>certificate.tsv</c>: a target position.</summary>
/// <param name="Position">Its number.</param>
/// <param name="Label">The token that the data have there.</param>
/// <param name="Predict">The token that the embed-tuned model would write.</param>
/// <param name="Margin">Its probability less that of the next.</param>
/// <param name="Bound">What half the margin must exceed.</param>
/// <param name="IsCertified">Whether it does.</param>
/// <param name="Agrees">Whether the model with the ticket alone writes the same token.</param>
internal readonly record struct PositionMargin(string Position, string Label, string Predict, double Margin, double Bound,
    bool IsCertified, bool Agrees)
{
    /// <summary>The file's default name.</summary>
    public const string FileName = "certificate.tsv";

    /// <summary>Certified, and yet the ticket's model writes something else: it falsifies the form of the certificate.</summary>
    public bool IsViolation => IsCertified && !Agrees;

    public bool IsCorrect => Label == Predict;

    /// <summary>Reads the positions.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<PositionMargin> Read(string path) =>
        [.. TsvFile.Read(path, "idx", "label", "predict", "margin", "bound", "certified", "agrees").Select(line => new PositionMargin(
            line.Text("idx"), line.Text("label"), line.Text("predict"), line.Real("margin"), line.Real("bound"),
            line.Truth("certified"), line.Truth("agrees")))];
}
