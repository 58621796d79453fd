using System.Globalization;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>As many elements win as the PQ index of those that are not 0 says are to be kept: one round of sparsity-informed adaptive
/// pruning (Diao et al., ICLR 2023).</summary>
/// <remarks>Entries that are 0 count as pruned before. The index is that of what the ticket's tensors hold, of the tuned side where there
/// are two.</remarks>
public sealed record AdaptiveShare : TicketSelection
{
    private const int ChunkLength = 1 << 18;

    /// <param name="measure">p and q of the index.</param>
    /// <param name="rule">How many entries it lets go.</param>
    /// <param name="isPerTensor">Whether every tensor has an index of its own, and not all together one.</param>
    public AdaptiveShare(PqIndex measure, SapRule rule, bool isPerTensor = false)
    {
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentNullException.ThrowIfNull(rule);
        (Measure, Rule, IsPerTensor) = (measure, rule, isPerTensor);
    }

    /// <summary>p and q of the index.</summary>
    public PqIndex Measure { get; }

    /// <summary>How many entries it lets go.</summary>
    public SapRule Rule { get; }

    /// <summary>Whether every tensor has an index of its own, and not all together one.</summary>
    public bool IsPerTensor { get; }

    internal override IReadOnlyList<(string Name, string Value)> Terms => [(IsPerTensor ? "adaptive_per_tensor" : "adaptive",
        string.Create(CultureInfo.InvariantCulture,
            $"p={Measure.P} q={Measure.Q} eta={Rule.Eta} gamma={Rule.Gamma} beta={Rule.Beta}"))];

    /// <summary>The index of the entries of some tensors that are not 0, and how many these are.</summary>
    /// <param name="tensors">The tensors, as one vector.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>An index of NaN where there are none, or one is not finite.</returns>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public (double Index, long Count) IndexOf(IEnumerable<Tensor> tensors, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        double first = 0, second = 0;
        long count = 0;
        using MemoryOwner<float> buffer = MemoryOwner<float>.Allocate(ChunkLength);
        foreach (Tensor tensor in tensors.Select(t => t.Values))
            for (long start = 0; start < tensor.ElementCount; start += ChunkLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int length = (int)Math.Min(ChunkLength, tensor.ElementCount - start);
                foreach (float value in ElementValues.Read(tensor, start, buffer.Span[..length]))
                {
                    if (value == 0) continue;
                    double magnitude = Math.Abs((double)value);
                    first += Math.Pow(magnitude, Measure.P);
                    second += Math.Pow(magnitude, Measure.Q);
                    count++;
                }
            }
        return (Measure.OfSums(count, first, second), count);
    }

    /// <summary>The index that decides: of all tensors together, or the mean of each one's, weighted by its entries that are not
    /// 0.</summary>
    /// <inheritdoc cref="IndexOf" path="/param"/>
    /// <inheritdoc cref="IndexOf" path="/exception"/>
    public double MeanIndexOf(IEnumerable<Tensor> tensors, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (!IsPerTensor) return IndexOf(tensors, cancellationToken).Index;
        (double Index, long Count)[] each = [.. tensors.Select(t => IndexOf([t], cancellationToken)).Where(t => t.Count > 0)];
        return each.Sum(t => t.Index * t.Count) / each.Sum(t => t.Count);
    }

    /// <exception cref="ArgumentException">Always: whole rows have no index.</exception>
    internal override IReadOnlyList<int> Rank(ScoredRows rows) => throw NotElements();

    /// <exception cref="ArgumentException">Always: it chooses elements.</exception>
    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        throw NotElements();

    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) => IsPerTensor
        ? [.. elements.Split().SelectMany(Largest)] : Largest(elements);

    private IReadOnlyList<IndexSet> Largest(ElementPass elements)
    {
        (double index, long count) = IndexOf(elements.Sources.Select(s => s.Tuned ?? s.Base));
        return ElementRanking.Top(elements, Math.Min(count - Rule.CountOf(Measure, index, count), elements.CandidateCount));
    }

    private static ArgumentException NotElements() =>
        new("the PQ index is one of single values, and says nothing of larger units. Take elements as units, or another selection.");
}
