namespace KsLottery.Engine.Certificates;

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
