namespace KsLottery.Engine.Certificates;

/// <summary>What a certificate says and what it takes for granted, in the words of every report.</summary>
internal static class Claims
{
    /// <summary>What is certified.</summary>
    public const string Certified =
        "Agreement with the embed-tuned model's predictions under the stated assumptions, not the quality of a translation.";

    /// <summary>Where the theory comes from.</summary>
    public const string Origin =
        "The paper's theorems were not at hand: the forms are reconstructed from reviews and an independent "
        + "replication of arXiv 2402.02801.";

    /// <summary>What a violation means.</summary>
    public const string Violation = "A violation, certified but predicted otherwise, falsifies the form that certified it.";

    /// <summary>What every form takes for granted.</summary>
    public static IReadOnlyList<string> Assumptions { get; } =
    [
        "A network with given weights predicts one thing. The probabilities are over draws of the weights, and the softmax of the "
            + "embed-tuned model stands in for them.",
        "Values of a row count as independent draws of one distribution, though before and after a tuning are paired. Alpha is a "
            + "threshold, no error rate, and holds for one row, not for all together.",
        "A row that was not rejected may have moved further than D shows: the true distance exceeds D by up to 2*sqrt(ln(80)/(2d)) at 95 % "
            + "(Dvoretzky, Kiefer, Wolfowitz), which is more than tau(0.05).",
    ];

    /// <summary>What holds where the fine-tune resized the vocabulary.</summary>
    public const string Resized = "The vocabulary was resized: the ticket's model and the base have the embed-tuned model's vocabulary "
        + "here, with the rows that it added as they are there. What these rows do is no merit of the ticket.";

    /// <summary>What a form takes for granted beyond that.</summary>
    public static string Of(CertificateForm form) => form switch
    {
        CertificateForm.Dataset => "tau(alpha) < margin/2. Not a proof: it takes one threshold for all rows that were replaced together.",
        CertificateForm.Max => "max(tau(alpha), largest D read) < margin/2. Not a proof: several replaced rows can add up "
            + "to more than the largest.",
        _ => "sum of D read < margin/2. Holds if rows are independent and the weights that give a prediction are a half-line in each row; "
            + "a row counts as one draw, and if each of its d values is one, the sum is d times as large.",
    };

    /// <summary>What else holds for a mode.</summary>
    public static string? Of(TicketMode mode) => mode == TicketMode.Transfer ? null
        : "Partial Tuning trains the ticket's rows again: they are no longer the embed-tuned ones, and no form bounds what that changes.";
}
