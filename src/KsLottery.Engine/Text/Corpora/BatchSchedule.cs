using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Which sequences each step of a training sees, decided by a seed alone.</summary>
/// <remarks>
/// An epoch goes through all sequences in an order that the seed and the epoch's number decide; each step takes the next ones, the last
/// step of an epoch what is left. Any step can be asked for, in any order and from several threads, so a resumed run replays nothing.
/// </remarks>
internal sealed class BatchSchedule
{
    private readonly IReadOnlyList<TokenSequence> _sequences;
    private readonly ulong _seed;
    private EpochOrder? _latest;

    private sealed record EpochOrder(long Epoch, int[] Order);

    /// <param name="sequences">What to train on.</param>
    /// <param name="batchSize">The number of sequences of an optimizer step.</param>
    /// <param name="microBatchRows">The largest number of rows computed at once; a longer sequence is a micro-batch by itself.</param>
    /// <param name="seed">Decides the orders.</param>
    /// <exception cref="ArgumentException">There are no sequences, or one has no target.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public BatchSchedule(IReadOnlyList<TokenSequence> sequences, int batchSize, int microBatchRows, ulong seed)
    {
        CheckSequences(sequences);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(microBatchRows);
        (_sequences, BatchSize, MicroBatchRows, _seed) = (sequences, batchSize, microBatchRows, seed);
        StepsPerEpoch = (sequences.Count + batchSize - 1) / batchSize;
    }

    /// <summary>The number of sequences of a step; the last step of an epoch may have fewer.</summary>
    public int BatchSize { get; }

    /// <summary>The largest number of rows of a micro-batch, unless a single sequence has more.</summary>
    public int MicroBatchRows { get; }

    /// <summary>The number of steps that see every sequence once.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>All sequences.</summary>
    public IReadOnlyList<TokenSequence> Sequences => _sequences;

    /// <summary>The micro-batches of a step, whose gradients belong together.</summary>
    /// <param name="step">The step, from 0; epoch e begins with step e times <see cref="StepsPerEpoch"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public IReadOnlyList<TokenBatch> GetStep(long step) => PackChecked(OrderOf(step), _sequences, MicroBatchRows);

    /// <summary>The sequences of a step, in their order.</summary>
    /// <inheritdoc cref="GetStep"/>
    public IReadOnlyList<TokenSequence> GetSequences(long step) => [.. OrderOf(step).ToArray().Select(i => _sequences[i])];

    /// <summary>Packs all sequences in their order, for instance to evaluate on them.</summary>
    /// <inheritdoc cref="BatchSchedule(IReadOnlyList{TokenSequence}, int, int, ulong)"/>
    public static IReadOnlyList<TokenBatch> Pack(IReadOnlyList<TokenSequence> sequences, int microBatchRows)
    {
        CheckSequences(sequences);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(microBatchRows);
        return PackChecked([.. Enumerable.Range(0, sequences.Count)], sequences, microBatchRows);
    }

    private ReadOnlySpan<int> OrderOf(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        (long epoch, long place) = Math.DivRem(step, StepsPerEpoch);
        int[] order = Order(epoch);
        int start = (int)place * BatchSize;
        return order.AsSpan(start, Math.Min(BatchSize, order.Length - start));
    }

    private int[] Order(long epoch)
    {
        if (_latest is { } latest && latest.Epoch == epoch) return latest.Order;
        int[] order = [.. Enumerable.Range(0, _sequences.Count)];
        new SplitMix64(SplitMix64.Mix(_seed) + (ulong)epoch).Shuffle(order.AsSpan());
        _latest = new EpochOrder(epoch, order);
        return order;
    }

    private static List<TokenBatch> PackChecked(ReadOnlySpan<int> order, IReadOnlyList<TokenSequence> sequences, int microBatchRows)
    {
        List<TokenBatch> batches = [];
        for (int first = 0; first < order.Length;)
        {
            int end = first, rows = 0;
            do rows += sequences[order[end++]].RowCount;
            while (end < order.Length && rows + sequences[order[end]].RowCount <= microBatchRows);
            batches.Add(Join(order[first..end], sequences, rows));
            first = end;
        }
        return batches;
    }

    private static TokenBatch Join(ReadOnlySpan<int> order, IReadOnlyList<TokenSequence> sequences, int rows)
    {
        int[] tokens = new int[rows], targets = new int[rows], starts = new int[order.Length + 1];
        for (int s = 0; s < order.Length; s++)
        {
            TokenSequence sequence = sequences[order[s]];
            ReadOnlySpan<int> from = sequence.Tokens.Span;
            from[..^1].CopyTo(tokens.AsSpan(starts[s]));
            from[1..].CopyTo(targets.AsSpan(starts[s]));
            targets.AsSpan(starts[s], sequence.PromptLength - 1).Fill(TokenBatch.NoTarget);
            starts[s + 1] = starts[s] + sequence.RowCount;
        }
        return new TokenBatch(tokens, targets, starts);
    }

    private static void CheckSequences(IReadOnlyList<TokenSequence> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        if (sequences.Count == 0) throw new ArgumentException("There are no sequences; give one or more.", nameof(sequences));
        for (int i = 0; i < sequences.Count; i++)
        {
            (int length, int prompt) = (sequences[i].Tokens.Length, sequences[i].PromptLength);
            if (prompt < 1 || prompt >= length)
            {
                throw new ArgumentException(
                    $"sequence {i} has {length} tokens with a prompt of {prompt}; a prompt has 1 token or more, and " +
                    "one or more must follow it.", nameof(sequences));
            }
        }
    }
}
