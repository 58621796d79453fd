using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Certificates;

/// <summary>How a certificate is made.</summary>
public sealed record CertificateOptions
{
    /// <summary>The alphas of the default sweep.</summary>
    public static IReadOnlyList<double> DefaultAlphas { get; } = [.001, .005, .01, .02, .05, .1, .2, .3, .4, .5, .7, .9];

    /// <summary>The confidence of the intervals, between 0 and 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double Confidence
    {
        get;
        init => field = value > 0 && value < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Confidence),
            string.Create(CultureInfo.InvariantCulture, $"the confidence is {value}; it lies between 0 and 1, for instance 0.95."));
    } = 0.95;

    /// <summary>The alphas of the sweep, each between 0 and 1; none leaves it out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is not between 0 and 1.</exception>
    public IReadOnlyList<double> Alphas
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            foreach (double alpha in value)
                if (!(alpha > 0 && alpha < 1))
                    throw new ArgumentOutOfRangeException(nameof(Alphas),
                        string.Create(CultureInfo.InvariantCulture, $"alpha is {alpha}; it lies between 0 and 1, for instance 0.05."));
            field = [.. value.Order().Distinct()];
        }
    } = DefaultAlphas;

    /// <summary>The most rows that are computed at once, unless a single pair has more. Rounding may depend on it.</summary>
    public int MicroBatchRows { get; init; } = 1024;

    /// <summary>The most tokens that the embed-tuned model and each ticket of the sweep write, greedily, to be scored; null leaves scores
    /// out.</summary>
    public int? ScoredTokens { get; init; }

    /// <summary>Tokens that end what is scored, beside those that the model's files name.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Texts that end what is scored where they occur in it.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>How rows are compared.</summary>
    public RowScanOptions Rows { get; init; } = new();

    /// <summary>How checkpoints are read.</summary>
    public CheckpointOptions Reading { get; init; } = new();
}

/// <summary>The condition under which a prediction counts as certified; p₁ and p₂ are the embed-tuned model's two largest
/// probabilities.</summary>
/// <remarks>The paper's theorems were not at hand: every form is reconstructed from reviews and a replication, none is the paper's own
/// text.</remarks>
public enum CertificateForm
{
    /// <summary>τ(α) &lt; (p₁ - p₂)/2: one threshold for all data. No proof.</summary>
    Dataset,

    /// <summary>max(τ(α), largest D of a row that is read and not in the ticket) &lt; (p₁ - p₂)/2. No proof.</summary>
    Max,

    /// <summary>Σ D of the distinct rows that are read and not in the ticket &lt; (p₁ - p₂)/2. Sound where its assumptions hold.</summary>
    Sum,
}

/// <summary>Where the ticket model has its rows from.</summary>
public enum TicketMode
{
    /// <summary>Partial Transfer: from the embed-tuned model.</summary>
    Transfer,

    /// <summary>Partial Tuning: from a training of these rows alone.</summary>
    Tuned,
}
