using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>Rows that stand in for those of the frozen embedding wherever it is read: a ticket that learns, or a patch put in
/// place.</summary>
internal sealed class TicketRows
{
    private readonly int[] _ordinals;

    internal TicketRows(Weight embedding, IndexSet rows, IOperations operations, bool learns)
    {
        (Rows, Tokens) = (rows, [.. rows.Select(row => (int)row)]);
        long length = rows.Count * embedding.Columns;
        Weight = new(embedding.Name, Tokens.Length, embedding.Columns, operations.Allocate(length), learns ? operations.Allocate(length)
            : null);
        operations.EmbeddingForward(Weight.Value, embedding.Value, Tokens, embedding.Columns);
        _ordinals = new int[embedding.Rows];
        _ordinals.AsSpan().Fill(-1);
        for (int i = 0; i < Tokens.Length; i++) _ordinals[Tokens[i]] = i;
    }

    /// <summary>The k token ids.</summary>
    public IndexSet Rows { get; }

    /// <summary>The same, ascending, as operations take them.</summary>
    public int[] Tokens { get; }

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
