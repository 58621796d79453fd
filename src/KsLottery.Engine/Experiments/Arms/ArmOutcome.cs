using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>How an arm does on the test pairs.</summary>
/// <remarks>Scores from 0 to 100, rates from 0 to 1; of all that was written, of its first line, and of what the authors' rule
/// reads.</remarks>
public sealed record ArmOutcome
{
    /// <summary>The numbers by the names that files give them, in the order of tables.</summary>
    public static IReadOnlyList<(string Name, Func<ArmOutcome, double> Get)> Columns { get; } =
    [
        ("loss", o => o.Loss), ("bleu", o => o.Bleu), ("chrf", o => o.Chrf), ("exact_match_rate", o => o.ExactMatchRate),
        ("bleu_first_line", o => o.BleuFirstLine), ("chrf_first_line", o => o.ChrfFirstLine), ("bleu_response", o => o.BleuResponse),
        ("chrf_response", o => o.ChrfResponse), ("eos_rate", o => o.EosRate), ("mean_tokens", o => o.MeanTokens),
    ];

    /// <summary>The mean loss of a target's token, in nats.</summary>
    public required double Loss { get; init; }

    /// <summary>BLEU of all that was written.</summary>
    public required double Bleu { get; init; }

    /// <summary>chrF of all that was written.</summary>
    public required double Chrf { get; init; }

    /// <summary>The share of texts that are their reference.</summary>
    public required double ExactMatchRate { get; init; }

    /// <summary>BLEU of first lines.</summary>
    public required double BleuFirstLine { get; init; }

    /// <summary>chrF of first lines.</summary>
    public required double ChrfFirstLine { get; init; }

    /// <summary>BLEU by the authors' rule.</summary>
    public required double BleuResponse { get; init; }

    /// <summary>chrF by the authors' rule.</summary>
    public required double ChrfResponse { get; init; }

    /// <summary>The share of texts that the model ended itself.</summary>
    public required double EosRate { get; init; }

    /// <summary>The mean number of tokens written.</summary>
    public required double MeanTokens { get; init; }

    /// <summary>The expected calibration error over the tokens of the answers, 0 to 1; null where it was not taken.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Takes the numbers of an evaluation that generated.</summary>
    public static ArmOutcome Of(EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        OutputScores scores = result.Scores
            ?? throw new ArgumentException("nothing was generated, so that there are no scores.", nameof(result));
        return new()
        {
            Loss = result.Loss,
            Bleu = scores.Raw.Bleu.Score,
            Chrf = scores.Raw.Chrf.Score,
            ExactMatchRate = scores.Raw.ExactMatchRate,
            BleuFirstLine = scores.FirstLine.Bleu.Score,
            ChrfFirstLine = scores.FirstLine.Chrf.Score,
            BleuResponse = scores.Response.Bleu.Score,
            ChrfResponse = scores.Response.Chrf.Score,
            EosRate = result.Summary!.EosRate,
            MeanTokens = result.MeanTokens,
            CalibrationError = result.Calibration?.ExpectedError,
        };
    }

    /// <summary>Takes the numbers by their names.</summary>
    internal static ArmOutcome From(Func<string, double> get) => new()
    {
        Loss = get("loss"),
        Bleu = get("bleu"),
        Chrf = get("chrf"),
        ExactMatchRate = get("exact_match_rate"),
        BleuFirstLine = get("bleu_first_line"),
        ChrfFirstLine = get("chrf_first_line"),
        BleuResponse = get("bleu_response"),
        ChrfResponse = get("chrf_response"),
        EosRate = get("eos_rate"),
        MeanTokens = get("mean_tokens"),
    };
}
