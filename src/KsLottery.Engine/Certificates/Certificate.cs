using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Certificates;

/// <summary>What can be said of a ticket on some data: where its model must predict, and where it does predict, what the embed-tuned model
/// predicts.</summary>
/// <remarks>
/// Agreement with the embed-tuned model is what is certified, under the assumptions in <see cref="Claims"/>, and no quality of translation.
/// The theory is reconstructed; a violation falsifies the form that certified it.
/// </remarks>
public sealed record Certificate
{
    /// <summary>Where the ticket model has its rows from.</summary>
    public required TicketMode Mode { get; init; }

    /// <summary>The ticket.</summary>
    public required Ticket Ticket { get; init; }

    /// <summary>Whether every prediction reads every row, because the output head is the input embedding.</summary>
    public required bool ReadsAllRows { get; init; }

    /// <summary>τ(α), see <see cref="ThresholdOf"/>.</summary>
    public required double Threshold { get; init; }

    /// <summary>The largest h of a row outside the ticket.</summary>
    public required int LargestCountOutside { get; init; }

    /// <summary>Rows outside the ticket with D above τ(α). The forms with τ assume that there is none.</summary>
    public required int RowsAboveThreshold { get; init; }

    /// <summary>The sentence pairs.</summary>
    public required IReadOnlyList<SentencePair> Pairs { get; init; }

    /// <summary>Pairs of the data that were left out: incomplete, or too long for the model.</summary>
    public required int LeftOut { get; init; }

    /// <summary>The target positions, pair by pair.</summary>
    public required IReadOnlyList<CertifiedPosition> Positions { get; init; }

    /// <summary>The confidence of the intervals.</summary>
    public required double Confidence { get; init; }

    /// <summary>The tickets of other alphas, smallest first; empty where none was asked for.</summary>
    public IReadOnlyList<SweepPoint> Sweep { get; init; } = [];

    /// <summary>The scores of the embed-tuned model; null where nothing was generated.</summary>
    public OutputScores? TunedScores { get; init; }

    /// <summary>The device that computed.</summary>
    public required string Device { get; init; }

    /// <summary>The version that did the work.</summary>
    public string Version { get; init; } = LibraryVersion.Current;

    /// <summary>d.</summary>
    public int Width => Ticket.Origin.Width;

    /// <summary>What each form says.</summary>
    public IReadOnlyList<FormResult> Forms => FormResult.Of(Positions, Threshold, Width);

    /// <summary>Positions where the ticket model predicts what the embed-tuned model predicts.</summary>
    public Proportion Agreement => Proportion.Of(Positions.Count(p => p.Agrees), Positions.Count, Confidence);

    /// <summary>The same of the base with no row of the ticket: what a ticket that does nothing would reach.</summary>
    public Proportion BaseAgreement => Proportion.Of(Positions.Count(p => p.BasePrediction == p.Tuned.First), Positions.Count, Confidence);

    /// <summary>Pairs that agree in every position. Positions of one pair depend on each other, pairs less so.</summary>
    public Proportion PairAgreement
    {
        get
        {
            bool[] disagrees = new bool[Pairs.Count];
            foreach (CertifiedPosition position in Positions)
                if (!position.Agrees) disagrees[position.Sample] = true;
            return Proportion.Of(disagrees.Count(d => !d), Pairs.Count, Confidence);
        }
    }

    /// <summary>Positions where the embed-tuned model predicts the reference.</summary>
    public long TunedRight => Positions.Count(p => p.IsRight);

    /// <summary>Positions where the ticket model predicts the reference.</summary>
    public long TicketRight => Positions.Count(p => p.TicketPrediction == p.Label);

    /// <summary>Positions where the base predicts the reference.</summary>
    public long BaseRight => Positions.Count(p => p.BasePrediction == p.Label);

    /// <summary>The positions that a form certifies and where the ticket model predicts otherwise, with their indices.</summary>
    public IEnumerable<(int Index, CertifiedPosition Position)> Violations(CertificateForm form) =>
        Positions.Index().Where(p => p.Item.IsViolation(form, Threshold, Width));

    /// <summary>τ(α) = c(α)·√(2/d) with c(α) = √(-ln(α/2)/2): the large-sample critical distance of two samples of d values.</summary>
    /// <param name="alpha">α, between 0 and 1.</param>
    /// <param name="width">d, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static double ThresholdOf(double alpha, int width)
    {
        if (!(alpha > 0 && alpha < 1))
            throw new ArgumentOutOfRangeException(nameof(alpha),
                string.Create(CultureInfo.InvariantCulture, $"alpha is {alpha}; it lies between 0 and 1, for instance 0.05."));
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return Math.Sqrt(-Math.Log(alpha / 2) / 2) * Math.Sqrt(2.0 / width);
    }
}
