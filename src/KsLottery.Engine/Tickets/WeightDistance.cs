using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>How far a tensor of one checkpoint lies from that of another, element by element.</summary>
/// <remarks>Among the measures of stability of Frankle et al. (arXiv 1903.01611), which take all weights of a mask together:
/// <see cref="Total"/>.</remarks>
/// <param name="Name">The tensor; empty where it is several.</param>
/// <param name="Count">The elements that were compared.</param>
/// <param name="Vectors">Their norms, distance and angle; NaN where a value is not finite.</param>
public sealed record WeightDistance(string Name, long Count, VectorDistance Vectors)
{
    private const int ChunkLength = 1 << 18;

    /// <summary>All elements of several tensors as one vector.</summary>
    public static WeightDistance Total(IEnumerable<WeightDistance> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        WeightDistance[] all = [.. tensors];
        double Norm(Func<VectorDistance, double> part) => Math.Sqrt(all.Sum(t => part(t.Vectors) * part(t.Vectors)));
        return new("", all.Sum(t => t.Count), new(Norm(v => v.First), Norm(v => v.Second), Norm(v => v.Distance), Norm(v => v.SumNorm)));
    }

    /// <summary>Compares two tensors of one shape, in one pass.</summary>
    /// <param name="first">A tensor.</param>
    /// <param name="second">The other.</param>
    /// <param name="within">The only elements that count; null for all.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="ArgumentException">The shapes differ, or the set is of another length.</exception>
    /// <exception cref="NotSupportedException">Values cannot be read as numbers.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static WeightDistance Of(Tensor first, Tensor second, IndexSet? within = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (WhyNot(first, second) is { } reason) throw new ArgumentException($"{first.Name}: {reason}.", nameof(second));
        if (within is not null && within.Length != first.ElementCount)
            throw new ArgumentException($"{first.Name}: the set is of {within.Length} elements, the tensor has {first.ElementCount}.",
                nameof(within));
        (Tensor x, Tensor y) = (first.Values, second.Values);
        using MemoryOwner<float> xs = MemoryOwner<float>.Allocate(ChunkLength), ys = MemoryOwner<float>.Allocate(ChunkLength);
        int[] places = within is null ? [] : new int[ChunkLength];
        IndexSet.Enumerator members = (within ?? IndexSet.Empty(0)).GetEnumerator();
        double a = 0, b = 0, apart = 0, together = 0;
        for (long start = 0; start < x.ElementCount; start += ChunkLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(ChunkLength, x.ElementCount - start), chosen = within is null ? count
                : members.Read(start + count, start, places);
            ReadOnlySpan<float> u = ElementValues.Read(x, start, xs.Span[..count]), v = ElementValues.Read(y, start, ys.Span[..count]);
            for (int i = 0; i < chosen; i++)
            {
                int place = within is null ? i : places[i];
                double p = u[place], q = v[place];
                a += p * p;
                b += q * q;
                apart += (p - q) * (p - q);
                together += (p + q) * (p + q);
            }
            foreach (Tensor tensor in (ReadOnlySpan<Tensor>)[first, second])
            {
                int size = tensor.ElementType.ByteSize();
                tensor.DontNeed(start * size, count * size);
            }
        }
        return new(first.Name, within?.Count ?? first.ElementCount,
            new(Math.Sqrt(a), Math.Sqrt(b), Math.Sqrt(apart), Math.Sqrt(together)));
    }

    /// <summary>Compares the tensors of two checkpoints that both have in one shape, several at a time.</summary>
    /// <param name="first">A checkpoint.</param>
    /// <param name="second">The other.</param>
    /// <param name="tensors">Which tensors of the first; null for all.</param>
    /// <param name="within">The only elements that count, and tensors; null for all.</param>
    /// <param name="progress">Reports what is read next, from any thread.</param>
    /// <param name="cancellationToken">Stops within a tensor.</param>
    /// <returns>The tensors in the first's order, and by name why others were left out.</returns>
    /// <exception cref="ArgumentException">The mask has a tensor in another shape.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static (IReadOnlyList<WeightDistance> Compared, IReadOnlyList<(string Name, string Reason)> LeftOut) Of(Checkpoint first,
        Checkpoint second, IEnumerable<Tensor>? tensors = null, TicketMask? within = null, IProgress<Tensor>? progress = null,
        CancellationToken cancellationToken = default) => Of(RankGroup.Alone, first, second, tensors, within, progress, cancellationToken);

    /// <summary>The same by all ranks, of which each reads some tensors; collective. What was compared is known on rank 0.</summary>
    /// <inheritdoc cref="Of(Checkpoint, Checkpoint, IEnumerable{Tensor}?, TicketMask?, IProgress{Tensor}?, CancellationToken)"/>
    internal static (IReadOnlyList<WeightDistance> Compared, IReadOnlyList<(string Name, string Reason)> LeftOut) Of(RankGroup ranks,
        Checkpoint first, Checkpoint second, IEnumerable<Tensor>? tensors, TicketMask? within, IProgress<Tensor>? progress,
        CancellationToken cancellationToken)
    {
        ranks.Enter("the distances of tensors");
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        List<(Tensor First, Tensor Second, IndexSet? Within)> pairs = [];
        List<(string, string)> leftOut = [];
        foreach (Tensor tensor in tensors ?? first.Tensors)
        {
            TensorMask? mask = within?.Find(tensor.Name)?.ToElements();
            if (within is not null && mask is null) continue;
            if (!second.TryGetTensor(tensor.Name, out Tensor? other)) leftOut.Add((tensor.Name, "only in the first"));
            else if (WhyNot(tensor, other) is { } reason) leftOut.Add((tensor.Name, reason));
            else pairs.Add((tensor, other, mask?.Units));
        }
        if (tensors is null && within is null)
            leftOut.AddRange(second.Tensors.Where(t => !first.TryGetTensor(t.Name, out _)).Select(t => (t.Name, "only in the second")));
        WeightDistance[] found = new WeightDistance[pairs.Count];
        RankDeal deal = new(ranks, [.. pairs.Select(pair => pair.First.ByteLength)]);
        SideBySide.ForEach(deal.Own, threads: 0, i =>
        {
            progress?.Report(pairs[i].First);
            found[i] = Of(pairs[i].First, pairs[i].Second, pairs[i].Within, cancellationToken);
        }, cancellationToken);
        deal.Collect(found, Write, Read);
        return (found, leftOut);
    }

    private static void Write(BinaryWriter writer, WeightDistance one)
    {
        writer.Write(one.Name);
        writer.Write(one.Count);
        foreach (double part in (double[])[one.Vectors.First, one.Vectors.Second, one.Vectors.Distance, one.Vectors.SumNorm])
            writer.Write(part);
    }

    private static WeightDistance Read(BinaryReader reader) => new(reader.ReadString(), reader.ReadInt64(),
        new(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble()));

    private static string? WhyNot(Tensor first, Tensor second) =>
        !first.Shape.SequenceEqual(second.Shape)
            ? $"[{string.Join(',', first.Shape)}] in one, [{string.Join(',', second.Shape)}] in the other"
        : !first.ElementType.IsReadable() || !second.ElementType.IsReadable() ? "values that are not read as numbers"
        : first.Scale?.Obstacle ?? second.Scale?.Obstacle;
}
