using System.Buffers;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>How sparse a tensor is, and how much of it the PQ index says may go.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="Count">Its elements.</param>
/// <param name="Zero">Those that are 0.</param>
/// <param name="NonFinite">Those that are NaN or infinite; the indices leave them out.</param>
/// <param name="Index">The PQ index with p = ½ and q = 1 of all entries; NaN where all are 0.</param>
/// <param name="SurvivingIndex">That of the entries that are not 0.</param>
/// <param name="WideIndex">With p = 1 and q = 2, of all entries.</param>
/// <param name="Gini">The Gini index of all entries; exact for F16 and BF16, for others within 6·10⁻⁵.</param>
/// <param name="Prunable">How many of the entries that are not 0 <see cref="SapRule"/> would prune with its defaults.</param>
public sealed record TensorSparsity(string Name, long Count, long Zero, long NonFinite, double Index, double SurvivingIndex,
    double WideIndex, double Gini, long Prunable)
{
    private const int ChunkLength = 1 << 18;

    private static readonly PqIndex Narrow = new(), Wide = new(1, 2);

    /// <summary>The part that is 0.</summary>
    public double ZeroShare => (double)Zero / Count;

    /// <summary>Whether a tensor can be measured: it has two dimensions or more, and numbers.</summary>
    public static bool Has(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor is { Shape.Count: > 1, ElementCount: > 0 } && tensor.ElementType.IsReadable() && tensor.Scale?.Obstacle is null;
    }

    /// <summary>Reads a tensor once, in chunks.</summary>
    /// <exception cref="NotSupportedException">Its values cannot be read as numbers.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TensorSparsity Of(Tensor tensor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using MagnitudeBins bins = new();
        Tensor values = tensor.Values;
        using MemoryOwner<float> buffer = MemoryOwner<float>.Allocate(ChunkLength);
        double roots = 0, sum = 0, squares = 0;
        for (long first = 0; first < values.ElementCount; first += ChunkLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(ChunkLength, values.ElementCount - first);
            foreach (float value in ElementValues.Read(values, first, buffer.Span[..count]))
            {
                double magnitude = Math.Abs(value);
                if (!bins.Add(magnitude)) continue;
                roots += Math.Sqrt(magnitude);
                sum += magnitude;
                squares += magnitude * magnitude;
            }
            int size = tensor.ElementType.ByteSize();
            tensor.DontNeed(first * size, count * size);
        }
        long finite = tensor.ElementCount - bins.NonFinite, surviving = finite - bins.Zero;
        double index = Narrow.OfSums(surviving, roots, sum);
        return new(tensor.Name, tensor.ElementCount, bins.Zero, bins.NonFinite, Narrow.OfSums(finite, roots, sum), index,
            Wide.OfSums(finite, sum, squares), bins.Gini, new SapRule().CountOf(Narrow, index, surviving));
    }

    /// <summary>Reads those of some tensors that can be measured, several at a time.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="progress">Reports what is read next, from any thread.</param>
    /// <param name="cancellationToken">Stops within a tensor.</param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<TensorSparsity> Of(IEnumerable<Tensor> tensors, IProgress<Tensor>? progress = null,
        CancellationToken cancellationToken = default) => Of(RankGroup.Alone, tensors, progress, cancellationToken);

    /// <summary>The same by all ranks, of which each reads some tensors; collective. What was found is known on rank 0.</summary>
    /// <inheritdoc cref="Of(IEnumerable{Tensor}, IProgress{Tensor}?, CancellationToken)"/>
    internal static IReadOnlyList<TensorSparsity> Of(RankGroup ranks, IEnumerable<Tensor> tensors, IProgress<Tensor>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ranks.Enter("the sparsity of tensors");
        Tensor[] measured = [.. tensors.Where(Has)];
        TensorSparsity[] found = new TensorSparsity[measured.Length];
        RankDeal deal = new(ranks, [.. measured.Select(tensor => tensor.ByteLength)]);
        SideBySide.ForEach(deal.Own, threads: 0, i =>
        {
            progress?.Report(measured[i]);
            found[i] = Of(measured[i], cancellationToken);
        }, cancellationToken);
        deal.Collect(found, Write, Read);
        return found;
    }

    private static void Write(BinaryWriter writer, TensorSparsity one)
    {
        writer.Write(one.Name);
        foreach (long count in (long[])[one.Count, one.Zero, one.NonFinite, one.Prunable]) writer.Write(count);
        foreach (double index in (double[])[one.Index, one.SurvivingIndex, one.WideIndex, one.Gini]) writer.Write(index);
    }

    private static TensorSparsity Read(BinaryReader reader)
    {
        string name = reader.ReadString();
        long[] counts = [.. Enumerable.Range(0, 4).Select(_ => reader.ReadInt64())];
        double[] indices = [.. Enumerable.Range(0, 4).Select(_ => reader.ReadDouble())];
        return new(name, counts[0], counts[1], counts[2], indices[0], indices[1], indices[2], indices[3], counts[3]);
    }

    /// <summary>Counts magnitudes by their upper 20 bits, which tell all of F16 and BF16 apart.</summary>
    private sealed class MagnitudeBins : IDisposable
    {
        private const int DroppedBits = 11, BinCount = 1 << (31 - DroppedBits);

        private readonly long[] _counts = ArrayPool<long>.Shared.Rent(BinCount);
        private readonly double[] _sums = ArrayPool<double>.Shared.Rent(BinCount);
        private long _count;

        public MagnitudeBins()
        {
            Array.Clear(_counts);
            Array.Clear(_sums);
        }

        public long NonFinite { get; private set; }

        public long Zero { get; private set; }

        /// <summary>Whether the magnitude is a number.</summary>
        public bool Add(double magnitude)
        {
            if (!double.IsFinite(magnitude))
            {
                NonFinite++;
                return false;
            }
            if (magnitude == 0) Zero++;
            int bin = BitConverter.SingleToInt32Bits((float)magnitude) >> DroppedBits;
            _counts[bin]++;
            _sums[bin] += magnitude;
            _count++;
            return true;
        }

        public double Gini
        {
            get
            {
                double weighted = 0, sum = 0;
                long before = 0;
                for (int bin = 0; bin < BinCount; before += _counts[bin++])
                {
                    weighted += GiniIndex.Weigh(before, _counts[bin], _count) * _sums[bin];
                    sum += _sums[bin];
                }
                return weighted / (_count * sum);
            }
        }

        public void Dispose()
        {
            ArrayPool<long>.Shared.Return(_counts);
            ArrayPool<double>.Shared.Return(_sums);
        }
    }
}
