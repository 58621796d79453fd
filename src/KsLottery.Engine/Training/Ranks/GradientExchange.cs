using System.Runtime.InteropServices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Training;

/// <summary>Adds up what ranks hand on of a step's gradient, in the order of <see cref="MicroBatchDeal.Joins"/>, and gives it to
/// all.</summary>
/// <remarks>
/// A gradient's values are dealt to the ranks in stretches: each gets all blocks' sums of its own stretch, adds them as its device adds
/// gradients, and gives the result to all. So of m blocks' gradients of P values each, m·P·(R - 1)/R values travel to be added and P·(R -
/// 1) back. A gradient that is larger than the buffers goes through them in rounds.
/// </remarks>
/// <param name="weights">What learns.</param>
/// <param name="operations">Its device.</param>
/// <param name="ranks">The processes.</param>
/// <param name="bufferLength">Values of a buffer at most.</param>
internal sealed class GradientExchange(IReadOnlyList<Weight> weights, IOperations operations, RankGroup ranks,
    int bufferLength = GradientExchange.BufferLength) : IDisposable
{
    /// <summary>64 MiB.</summary>
    private const int BufferLength = 1 << 24;

    private readonly long _length = weights.Sum(w => w.Value.Length);
    private readonly long[] _outgoingCounts = new long[ranks.Size], _incomingCounts = new long[ranks.Size];
    private float[] _outgoing = [], _incoming = [];
    private DeviceMemory? _sums;

    /// <summary>Bytes that this rank has handed to others.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Bytes that the device gives out for sums of a gradient of so many values.</summary>
    public static long BytesOf(long length, MicroBatchDeal deal) =>
        deal.RankCount == 1 ? 0 : sizeof(float) * (long)StretchOf(length, deal, BufferLength) * deal.Blocks.Count;

    /// <summary>Replaces the gradients of all that learns by the sum of all blocks.</summary>
    /// <param name="deal">Who has which.</param>
    /// <param name="own">For each block of this rank the gradient of each weight; the last may be the weights' own.</param>
    public void Sum(MicroBatchDeal deal, IReadOnlyList<DeviceSpan[]> own)
    {
        int stretch = StretchOf(_length, deal, bufferLength);
        for (long start = 0; start < _length; start += (long)stretch * ranks.Size)
        {
            int[] lengths = [.. Enumerable.Range(0, ranks.Size)
                .Select(rank => (int)Math.Clamp(_length - start - ((long)rank * stretch), 0, stretch))];
            Gather(deal, own, start, stretch, lengths);
            Add(deal, lengths[ranks.Rank]);
            Return(start, lengths);
        }
    }

    /// <summary>Gives the device's memory back.</summary>
    public void Dispose() => _sums?.Dispose();

    /// <summary>Values of a rank's stretch in one round.</summary>
    private static int StretchOf(long length, MicroBatchDeal deal, int buffer) => (int)Math.Min(((length - 1) / deal.RankCount) + 1,
        Math.Max(1, buffer / (deal.RankCount * deal.MostBlocks)));

    /// <summary>Each rank's stretch of all blocks goes to it.</summary>
    private void Gather(MicroBatchDeal deal, IReadOnlyList<DeviceSpan[]> own, long start, int stretch, int[] lengths)
    {
        Reserve(ref _outgoing, own.Count * lengths.Sum());
        Reserve(ref _incoming, deal.Blocks.Count * lengths[ranks.Rank]);
        int at = 0;
        for (int rank = 0; rank < ranks.Size; rank++)
        {
            _outgoingCounts[rank] = (long)own.Count * lengths[rank] * sizeof(float);
            _incomingCounts[rank] = (long)deal.Of(rank).Count * lengths[ranks.Rank] * sizeof(float);
            foreach (DeviceSpan[] gradient in own)
                foreach ((int weight, long offset, int count) in Pieces(start + ((long)rank * stretch), lengths[rank]))
                {
                    operations.Download(_outgoing.AsSpan(at, count), gradient[weight].Slice(offset, count));
                    at += count;
                }
        }
        Exchange(at, deal.Blocks.Count * lengths[ranks.Rank]);
    }

    /// <summary>Adds up all blocks' values of the own stretch.</summary>
    private void Add(MicroBatchDeal deal, int length)
    {
        if (length == 0) return;
        if (_sums is null || _sums.Length < (long)deal.Blocks.Count * length)
        {
            _sums?.Dispose();
            _sums = operations.Allocate((long)deal.Blocks.Count * length);
        }
        operations.Upload(_sums.Span.Slice(0, deal.Blocks.Count * length), _incoming.AsSpan(0, deal.Blocks.Count * length));
        foreach ((int into, int from) in deal.Joins)
            GradientSum.Add(operations, _sums.Span.Slice((long)into * length, length), _sums.Span.Slice((long)from * length, length));
    }

    /// <summary>Each rank's sums go to all.</summary>
    private void Return(long start, int[] lengths)
    {
        int own = lengths[ranks.Rank], all = lengths.Sum();
        Reserve(ref _outgoing, own * ranks.Size);
        Reserve(ref _incoming, all);
        if (own > 0) operations.Download(_outgoing.AsSpan(0, own), _sums!.Span.Slice(0, own));
        for (int rank = 0; rank < ranks.Size; rank++)
        {
            _outgoing.AsSpan(0, own).CopyTo(_outgoing.AsSpan(rank * own));
            (_outgoingCounts[rank], _incomingCounts[rank]) = (own * sizeof(float), lengths[rank] * sizeof(float));
        }
        Exchange(own * ranks.Size, all);
        int at = 0;
        foreach ((int weight, long offset, int count) in Pieces(start, all))
        {
            operations.Upload(weights[weight].Gradient.Slice(offset, count), _incoming.AsSpan(at, count));
            at += count;
        }
    }

    private void Exchange(int outgoing, int incoming)
    {
        ranks.Exchange(MemoryMarshal.AsBytes(_outgoing.AsSpan(0, outgoing)), _outgoingCounts,
            MemoryMarshal.AsBytes(_incoming.AsSpan(0, incoming)), _incomingCounts);
        BytesSent += _outgoingCounts.Sum() - _outgoingCounts[ranks.Rank];
    }

    /// <summary>What some of all weights' values, one weight behind the other, are of each.</summary>
    private IEnumerable<(int Weight, long Offset, int Count)> Pieces(long start, int length)
    {
        long end = start + length, first = 0;
        for (int i = 0; i < weights.Count && first < end; i++)
        {
            long next = first + weights[i].Value.Length, from = Math.Max(start, first), to = Math.Min(end, next);
            if (from < to) yield return (i, from - first, (int)(to - from));
            first = next;
        }
    }

    private static void Reserve(ref float[] buffer, int length)
    {
        if (buffer.Length < length) buffer = new float[length];
    }
}
