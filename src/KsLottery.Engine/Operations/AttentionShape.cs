namespace KsLottery.Engine.Operations;

/// <summary>The heads of a grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245).</summary>
/// <param name="Heads">Query heads H, a multiple of the key heads.</param>
/// <param name="KeyHeads">Key and value heads G; query head h reads key head h·G/H.</param>
/// <param name="HeadWidth">Elements D of one head.</param>
public readonly record struct AttentionShape(int Heads, int KeyHeads, int HeadWidth)
{
    /// <summary>Elements of a query row, H·D.</summary>
    public int QueryWidth => Heads * HeadWidth;

    /// <summary>Elements of a key or value row, G·D.</summary>
    public int KeyWidth => KeyHeads * HeadWidth;

    /// <summary>What scores are multiplied with, 1/√D.</summary>
    public double Scale => 1 / Math.Sqrt(HeadWidth);
}
