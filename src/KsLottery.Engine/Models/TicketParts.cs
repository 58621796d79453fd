using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

/// <summary>What a batch's sequences need where rows of the embedding alone learn.</summary>
/// <remarks>Before the first of these rows nothing of a sequence depends on them: no gradient is needed there, and of a sequence without
/// any the loss is that of the frozen model.</remarks>
internal sealed class TicketParts
{
    private readonly TokenBatch _batch;
    private readonly int[] _fresh;
    private readonly float[] _losses;

    /// <param name="batch">The batch.</param>
    /// <param name="ordinals">For each row the place of its token among the rows that learn, or -1.</param>
    /// <param name="frozen">Losses that are known; null where all are to be computed.</param>
    public TicketParts(TokenBatch batch, int[] ordinals, FrozenLosses? frozen)
    {
        (_batch, _losses, MayKnow) = (batch, new float[batch.RowCount], frozen is not null);
        (IsLive, IsKnown) = (new bool[batch.RowCount], new bool[batch.RowCount]);
        List<int> live = [], fresh = [];
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int start = batch.Starts[s], end = batch.Starts[s + 1], first = start;
            while (first < end && ordinals[first] < 0) first++;
            if (first < end) live.Add(s);
            else if (frozen?.Find(batch, s) is { } losses) Know(start, end, losses);
            else fresh.Add(s);
            IsLive.AsSpan(first, end - first).Fill(true);
        }
        _fresh = [.. fresh];
        (Live, Fresh) = (SequenceChoice.Of(batch, live), SequenceChoice.Of(batch, fresh));
    }

    /// <summary>Whether losses are kept for later: else nobody asks for those that are heard.</summary>
    public bool MayKnow { get; }

    /// <summary>Whether a row's loss depends on what learns: it stands at or behind the first of those tokens in its sequence.</summary>
    public bool[] IsLive { get; }

    /// <summary>Whether a row's loss need not be computed.</summary>
    public bool[] IsKnown { get; }

    /// <summary>The sequences that have live rows; null for none.</summary>
    public SequenceChoice? Live { get; }

    /// <summary>The others whose losses are not known; null for none.</summary>
    public SequenceChoice? Fresh { get; }

    /// <summary>A row's loss as far as it is known.</summary>
    public float LossOf(int row) => _losses[row];

    /// <summary>Hears the losses of some rows.</summary>
    public void Hear(ReadOnlySpan<int> rows, ReadOnlySpan<float> losses)
    {
        for (int i = 0; i < rows.Length; i++) _losses[rows[i]] = losses[i];
    }

    /// <summary>Keeps the losses of the sequences that were computed and will not change.</summary>
    public void AddTo(FrozenLosses frozen)
    {
        foreach (int s in _fresh)
            frozen.Add(_batch, s, [.. Enumerable.Range(_batch.Starts[s], _batch.Starts[s + 1] - _batch.Starts[s])
                .Where(row => _batch.Targets[row] != TokenBatch.NoTarget).Select(row => _losses[row])]);
    }

    private void Know(int start, int end, float[] losses)
    {
        int next = 0;
        for (int row = start; row < end; row++)
        {
            IsKnown[row] = true;
            if (_batch.Targets[row] != TokenBatch.NoTarget) _losses[row] = losses[next++];
        }
    }
}

/// <summary>Some sequences of a batch as one of their own.</summary>
/// <param name="Batch">The sequences.</param>
/// <param name="Rows">For each of its rows that of the whole batch, or -1 where a sequence stands in it again.</param>
internal sealed record SequenceChoice(TokenBatch Batch, int[] Rows)
{
    /// <summary>Chooses sequences, the first of them several times where they are so short that products of few rows, which are summed in
    /// another order, would come in.</summary>
    /// <returns>Null of no sequence.</returns>
    public static SequenceChoice? Of(TokenBatch batch, IReadOnlyList<int> sequences)
    {
        if (sequences.Count == 0) return null;
        List<int> tokens = [], targets = [], rows = [], starts = [0];
        for (int i = 0; i < sequences.Count || tokens.Count <= RowDots.MaxRows; i++)
        {
            int s = sequences[i < sequences.Count ? i : 0], start = batch.Starts[s], length = batch.Starts[s + 1] - start;
            tokens.AddRange(batch.Tokens.AsSpan(start, length));
            targets.AddRange(batch.Targets.AsSpan(start, length));
            rows.AddRange(i < sequences.Count ? Enumerable.Range(start, length) : Enumerable.Repeat(-1, length));
            starts.Add(tokens.Count);
        }
        return new(new TokenBatch([.. tokens], [.. targets], [.. starts]), [.. rows]);
    }
}
