using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>Which weights learn; all others stay frozen, and nothing is computed for them in a backward pass.</summary>
public sealed record TrainingScope
{
    /// <summary>The name of <see cref="Full"/>.</summary>
    public const string FullName = "full";

    /// <summary>The name of <see cref="Embedding"/>.</summary>
    public const string EmbeddingName = "embedding";

    /// <summary>The name of every <see cref="Ticket"/>.</summary>
    public const string TicketName = "ticket";

    /// <summary>The name of every <see cref="LowRank"/>.</summary>
    public const string LowRankName = "lora";

    /// <summary>The name of every <see cref="Mask"/>.</summary>
    public const string MaskName = "mask";

    private TrainingScope(string name, IReadOnlyList<int> rows, int rank = 0, ulong seed = 0) =>
        (Name, Rows, Rank, Seed) = (name, rows, rank, seed);

    /// <summary>Every weight.</summary>
    public static TrainingScope Full { get; } = new(FullName, []);

    /// <summary>The input embedding; where the output head is tied to it, in both its roles.</summary>
    public static TrainingScope Embedding { get; } = new(EmbeddingName, []);

    /// <summary>The names of the scopes that a ticket's rows, a rank or nothing decides: <c>full</c>, <c>embedding</c>, <c>ticket</c>,
    /// <c>lora</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = [FullName, EmbeddingName, TicketName, LowRankName];

    /// <summary>One of <see cref="Names"/>, or <see cref="MaskName"/>.</summary>
    public string Name { get; }

    /// <summary>The rows of a ticket, ascending; empty for the other scopes.</summary>
    public IReadOnlyList<int> Rows { get; }

    /// <summary>What learns of which tensors; null for the other scopes.</summary>
    public TicketMask? Units { get; private init; }

    /// <summary>The rank of low-rank adapters; 0 for the other scopes.</summary>
    public int Rank { get; }

    /// <summary>Decides the first values of adapters.</summary>
    public ulong Seed { get; }

    /// <summary>Low-rank adapters of every layer's query and value matrices, LoRA (Hu et al. 2021, arXiv 2106.09685, section
    /// 7.1).</summary>
    /// <param name="rank">Their rank, from 1.</param>
    /// <param name="seed">Decides their first values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is below 1.</exception>
    public static TrainingScope LowRank(int rank, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        return new(LowRankName, [], rank, seed);
    }

    /// <summary>Any units of any tensors: rows, elements, columns, blocks.</summary>
    /// <remarks>A mask of nothing but whole rows of the input embedding is what <see cref="Ticket"/> makes of these rows.</remarks>
    /// <param name="mask">The units, at least one, by the names of the model's tensors.</param>
    /// <exception cref="ArgumentException">There is no unit.</exception>
    public static TrainingScope Mask(TicketMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return mask.Count > 0 ? new(MaskName, []) { Units = mask }
            : throw new ArgumentException("a mask without units leaves nothing to train. Give at least one unit.", nameof(mask));
    }

    /// <summary>Some rows of the input embedding.</summary>
    /// <param name="rows">Distinct token ids, at least one.</param>
    /// <exception cref="ArgumentException">There is no row, or one is negative or repeated.</exception>
    public static TrainingScope Ticket(IEnumerable<int> rows)
    {
        int[] sorted = [.. rows.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("a ticket without rows leaves nothing to train. Give at least one row.", nameof(rows));
        if (sorted[0] < 0) throw new ArgumentException($"row {sorted[0]} does not exist; rows start at 0.", nameof(rows));
        for (int i = 1; i < sorted.Length; i++)
            if (sorted[i] == sorted[i - 1])
                throw new ArgumentException($"row {sorted[i]} is given twice; give each row once.", nameof(rows));
        return new(TicketName, sorted);
    }
}
