using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>Which weights learn; all others stay frozen, and nothing is computed for them in a backward pass.</summary>
public sealed record TrainingScope
{
    /// <summary>The name of <see cref="Full"/>.</summary>
    public const string FullName = "full";

    /// <summary>The name of <see cref="Embedding"/>.</summary>
    public const string EmbeddingName = "embedding";

    /// <summary>The name of every <see cref="Mask"/> that turned out to be whole rows of the input embedding alone.</summary>
    public const string TicketName = "ticket";

    /// <summary>The name of every <see cref="LowRank"/>.</summary>
    public const string LowRankName = "lora";

    /// <summary>The name of every other <see cref="Mask"/>.</summary>
    public const string MaskName = "mask";

    /// <summary>The name of every <see cref="Regrown(TicketMask)"/>.</summary>
    public const string RegrownName = "spiel";

    private TrainingScope(string name, int rank = 0, ulong seed = 0) => (Name, Rank, Seed) = (name, rank, seed);

    /// <summary>Every weight.</summary>
    public static TrainingScope Full { get; } = new(FullName);

    /// <summary>The input embedding; where the output head is tied to it, in both its roles.</summary>
    public static TrainingScope Embedding { get; } = new(EmbeddingName);

    /// <summary>The names of the scopes that a ticket, a rank or nothing decides: <c>full</c>, <c>embedding</c>, <c>ticket</c>,
    /// <c>lora</c>, <c>spiel</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = [FullName, EmbeddingName, TicketName, LowRankName, RegrownName];

    /// <summary>One of <see cref="Names"/>, or <see cref="MaskName"/>; whether a mask is a ticket's rows shows once a model has
    /// it.</summary>
    public string Name { get; internal init; }

    /// <summary>What learns of which tensors; null for the other scopes.</summary>
    public TicketMask? Units { get; private init; }

    /// <summary>Whether the values that learn move.</summary>
    internal bool IsRegrown => Name == RegrownName;

    /// <summary>The rank of low-rank adapters; 0 for the other scopes.</summary>
    public int Rank { get; }

    /// <summary>Decides the first values of adapters.</summary>
    public ulong Seed { get; }

    /// <summary>The layers that have adapters, from 0; null for all of them.</summary>
    public IReadOnlyList<int>? Layers { get; private init; }

    /// <summary>Low-rank adapters of every layer's query and value matrices, LoRA (Hu et al. 2021, arXiv 2106.09685, section
    /// 7.1).</summary>
    /// <param name="rank">Their rank, from 1.</param>
    /// <param name="seed">Decides their first values.</param>
    /// <param name="layers">The layers that have them, from 0; null for all.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is below 1.</exception>
    /// <exception cref="ArgumentException">No layer is named.</exception>
    public static TrainingScope LowRank(int rank, ulong seed = 0, IReadOnlyList<int>? layers = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        return layers is not { Count: 0 } ? new(LowRankName, rank, seed) { Layers = layers }
            : throw new ArgumentException("adapters of no layer leave nothing to train. Name one or more.", nameof(layers));
    }

    /// <summary>Any units of any tensors: rows, elements, columns, blocks.</summary>
    /// <remarks>Whole rows of the input embedding alone, as in <see cref="Ticket.Mask"/>, are trained beside it, with a shorter backward
    /// pass.</remarks>
    /// <param name="mask">The units, at least one, by the names of the model's tensors.</param>
    /// <exception cref="ArgumentException">There is no unit.</exception>
    public static TrainingScope Mask(TicketMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return mask.Count > 0 ? new(MaskName) { Units = mask }
            : throw new ArgumentException("a mask without units leaves nothing to train. Give at least one unit.", nameof(mask));
    }

    /// <summary>As many single values as a mask has in each tensor, which move while they are trained: SpIEL (Ansell et al., arXiv
    /// 2401.16405).</summary>
    /// <param name="start">The values that learn at first.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TrainingScope Regrown(TicketMask start) => Mask(start) with { Name = RegrownName };

    /// <summary>The same from values that a seed draws.</summary>
    /// <param name="tensors">Where they are drawn from.</param>
    /// <param name="count">How many, of all tensors together.</param>
    /// <param name="seed">Decides which.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="ArgumentException">There are fewer values.</exception>
    public static TrainingScope Regrown(IEnumerable<Tensor> tensors, long count, ulong seed, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ScoreSource[] sources = [.. tensors.Select(t => new ScoreSource(t, null, TicketUnit.Elements.Cut(t)))];
        long all = sources.Sum(s => s.Grid.Count);
        if (count > all) throw new ArgumentException($"{count} values are to learn, the tensors have {all}. Ask for fewer.", nameof(count));
        return Regrown(UnitSelector.Select(new RandomScore(seed), new TopUnits(count), sources, cancellationToken: cancellationToken));
    }
}
