namespace KsLottery.Engine.Statistics;

/// <summary>A correction of p-values for the number of tests.</summary>
public enum PValueAdjustment
{
    /// <summary>No correction, as in the KS-Lottery paper.</summary>
    None,
    /// <summary>Bonferroni: p times the number of tests; controls the family-wise error rate.</summary>
    Bonferroni,
    /// <summary>Holm's step-down procedure (Holm 1979): never weaker than Bonferroni, the same control.</summary>
    Holm,
    /// <summary>Benjamini and Hochberg's step-up procedure (1995): controls the false discovery rate.</summary>
    BenjaminiHochberg,
}
