namespace KsLottery.Engine.Transfer;

/// <summary>Replaced rows as an adapter holds them.</summary>
public sealed record PeftRows
{
    /// <summary>The module whose rows they are, for instance <c>model.embed_tokens</c>.</summary>
    public required string Module { get; init; }

    /// <summary>The replaced rows, ascending.</summary>
    public required IReadOnlyList<int> Indices { get; init; }

    /// <summary>The number of values in a row.</summary>
    public required int Width { get; init; }

    /// <summary>The absolute rows one after another, row i for index i.</summary>
    public required ReadOnlyMemory<float> Values { get; init; }

    /// <summary>Whether the adapter repeats the rows for the output head, as that of a tied model does.</summary>
    public required bool IsTied { get; init; }

    /// <summary>The number of tensors that are no replaced rows, such as those of a LoRA beside them; they were not read.</summary>
    public required int OtherTensorCount { get; init; }
}
