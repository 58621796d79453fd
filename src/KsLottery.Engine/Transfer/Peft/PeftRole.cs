namespace KsLottery.Engine.Transfer;

/// <summary>What a tensor of an adapter is to a module.</summary>
internal enum PeftRole
{
    /// <summary>A, (r, inputs).</summary>
    Down,
    /// <summary>B, (outputs, r).</summary>
    Up,
    /// <summary>A of an embedding, (r, rows).</summary>
    EmbeddingDown,
    /// <summary>B of an embedding, (width, r).</summary>
    EmbeddingUp,
    /// <summary>Rows that take the place of others.</summary>
    Rows,
    /// <summary>A whole tensor that takes the place of the base's.</summary>
    Whole,
    /// <summary>The base's own tensor, kept beside another.</summary>
    Original,
    /// <summary>Anything that is not known here.</summary>
    Unknown,
}
