using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Certificates;

/// <summary>Which rows outside a ticket a prediction reads, and how far they moved, in whole counts.</summary>
/// <remarks>
/// A prediction reads the rows of the tokens before it, each once. Where the output head is the input embedding it reads every row,
/// whatever the context. A row with a NaN has no h and counts as d: nothing is known of it. Tokens are the embed-tuned model's; a row that
/// it added is the same in the ticket's model and counts for nothing.
/// </remarks>
internal sealed class ReadRows
{
    private readonly int[] _counts;
    private readonly int[] _seenIn;
    private readonly bool _readsAll;
    private readonly int _largestOfAll;
    private readonly long _sumOfAll;
    private int _sequence;

    /// <param name="scan">All rows.</param>
    /// <param name="ticket">The rows of the base that count for nothing.</param>
    /// <param name="readsAll">Whether every prediction reads every row.</param>
    public ReadRows(RowScanResult scan, IndexSet ticket, bool readsAll)
    {
        _counts = new int[scan.Pairing.TunedRows];
        for (int row = 0; row < scan.Rows.Count; row++)
            if (scan.Pairing.TunedOf(row) is >= 0 and int token) _counts[token] = scan.Rows[row].HasCount ? scan.Rows[row].Count
                : scan.Width;
        foreach (long row in ticket) _counts[scan.Pairing.TunedOf((int)row)] = 0;
        _seenIn = new int[_counts.Length];
        _readsAll = readsAll;
        foreach (int count in _counts)
        {
            _largestOfAll = Math.Max(_largestOfAll, count);
            _sumOfAll += count;
        }
    }

    /// <summary>The largest h of any row outside the ticket.</summary>
    public int LargestOfAll => _largestOfAll;

    /// <summary>The rows outside the ticket of which h is larger than a count.</summary>
    public int CountAbove(double count) => _counts.Count(h => h > count);

    /// <summary>For each row of a batch that has a target, in order: the largest h that its prediction reads, and their sum.</summary>
    public IEnumerable<(int Largest, long Sum)> Of(TokenBatch batch)
    {
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            _sequence++;
            int largest = 0;
            long sum = 0;
            for (int row = batch.Starts[s]; row < batch.Starts[s + 1]; row++)
            {
                int token = batch.Tokens[row];
                if (_seenIn[token] != _sequence)
                {
                    _seenIn[token] = _sequence;
                    largest = Math.Max(largest, _counts[token]);
                    sum += _counts[token];
                }
                if (batch.Targets[row] != TokenBatch.NoTarget) yield return _readsAll ? (_largestOfAll, _sumOfAll) : (largest, sum);
            }
        }
    }
}
