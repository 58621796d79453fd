namespace KsLottery.Engine.Text.Tokens;

/// <summary>Joins symbols to tokens: the best-ranked pair first, the leftmost of equals, until none is left.</summary>
/// <remarks>
/// A linked list of symbols and a queue of candidate pairs: n log n for n symbols, and linear where words are short, since a place
/// that no merge crosses cuts the symbols into independent runs. Holds working memory: one instance serves one thread.
/// </remarks>
internal sealed class PairMerging(MergeTable table)
{
    private const int Gone = int.MinValue, End = -1;

    private readonly PriorityQueue<Candidate, ulong> _queue = new();
    private int[] _ids = [], _previous = [], _next = [];

    private readonly record struct Candidate(int Place, int Left, int Right, int Joined);

    /// <summary>The number of pairs looked up so far; three for each symbol at most.</summary>
    public long LookupCount { get; private set; }

    /// <summary>Joins symbols and appends the tokens that remain; negative symbols join with nothing.</summary>
    public void Append(ReadOnlySpan<int> symbols, List<int> tokens)
    {
        int start = 0;
        for (int i = 1; i <= symbols.Length; i++)
        {
            if (i < symbols.Length && table.IsJoint(symbols[i - 1], symbols[i])) continue;
            AppendRun(symbols[start..i], tokens);
            start = i;
        }
    }

    private void AppendRun(ReadOnlySpan<int> run, List<int> tokens)
    {
        if (run.Length == 1)
        {
            tokens.Add(run[0]);
            return;
        }
        Load(run);
        while (_queue.TryDequeue(out Candidate pair, out _))
        {
            // A candidate is stale when a better one has taken either of its symbols.
            int right = _next[pair.Place];
            if (_ids[pair.Place] != pair.Left || right == End || _ids[right] != pair.Right) continue;
            int after = _next[right];
            _ids[pair.Place] = pair.Joined;
            _ids[right] = Gone;
            _next[pair.Place] = after;
            if (after != End) _previous[after] = pair.Place;
            Consider(_previous[pair.Place], pair.Place);
            Consider(pair.Place, after);
        }
        for (int place = 0; place != End; place = _next[place])
            tokens.Add(_ids[place]);
    }

    private void Load(ReadOnlySpan<int> run)
    {
        if (_ids.Length < run.Length)
        {
            int length = Math.Max(run.Length, 2 * _ids.Length);
            (_ids, _previous, _next) = (new int[length], new int[length], new int[length]);
        }
        run.CopyTo(_ids);
        for (int i = 0; i < run.Length; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1;
        }
        _next[run.Length - 1] = End;
        for (int i = 1; i < run.Length; i++) Consider(i - 1, i);
    }

    private void Consider(int left, int right)
    {
        if (left == End || right == End) return;
        LookupCount++;
        if (table.TryGet(_ids[left], _ids[right], out MergeTable.Merge merge))
            _queue.Enqueue(new Candidate(left, _ids[left], _ids[right], merge.Id), ((ulong)(uint)merge.Rank << 32) | (uint)left);
    }
}
