using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>Rows that stand in for those of the frozen embedding wherever it is read: a ticket that learns, or a patch put in
/// place.</summary>
internal sealed class TicketRows
{
    private readonly int[] _ordinals;

    internal TicketRows(Weight embedding, IReadOnlyList<int> rows, IOperations operations, bool learns)
    {
        if (rows[^1] >= embedding.Rows)
            throw new ArgumentOutOfRangeException(nameof(rows), rows[^1],
                $"the embedding {embedding.Name} has rows 0 to {embedding.Rows - 1}. Was the ticket found in another model?");
        Rows = [.. rows];
        long length = (long)rows.Count * embedding.Columns;
        Weight = new(embedding.Name, rows.Count, embedding.Columns, operations.Allocate(length), learns ? operations.Allocate(length)
            : null);
        operations.EmbeddingForward(Weight.Value, embedding.Value, Rows, embedding.Columns);
        _ordinals = new int[embedding.Rows];
        _ordinals.AsSpan().Fill(-1);
        for (int i = 0; i < Rows.Length; i++) _ordinals[Rows[i]] = i;
    }

    /// <summary>The k token ids, ascending.</summary>
    public int[] Rows { get; }

    /// <summary>(k, C), with its gradient where it learns.</summary>
    public Weight Weight { get; }

    /// <summary>For each token its place among the rows, or -1.</summary>
    internal int[] Ordinals(ReadOnlySpan<int> tokens)
    {
        int[] ordinals = new int[tokens.Length];
        for (int i = 0; i < tokens.Length; i++) ordinals[i] = _ordinals[tokens[i]];
        return ordinals;
    }
}
