namespace KsLottery.Engine.Tickets;

/// <summary>Joins what several threads make of chunks, in the order of the chunks.</summary>
/// <param name="join">Takes one chunk after another, one at a time.</param>
internal sealed class ChunkOrder<T>(Action<int, T> join) where T : class
{
    // A thread that is further ahead than this of the chunk whose turn it is waits: memory stays at these.
    private const int MaxWaiting = 64;

    private readonly Dictionary<int, T> _waiting = [];
    private readonly Stack<T> _spare = [];
    private int _next;
    private bool _isAbandoned;

    /// <summary>Hands a chunk over. Whoever hands the one whose turn it is joins it, and all that wait behind it.</summary>
    /// <returns>Something that was joined and may be used again; null where there is nothing.</returns>
    public T? Hand(int number, T result)
    {
        lock (_waiting)
        {
            _waiting.Add(number, result);
            while (_waiting.Remove(_next, out T? ready))
            {
                join(_next++, ready);
                _spare.Push(ready);
                Monitor.PulseAll(_waiting);
            }
            while (_waiting.Count >= MaxWaiting && _spare.Count == 0 && !_isAbandoned) Monitor.Wait(_waiting);
            return _spare.TryPop(out T? spare) ? spare : null;
        }
    }

    /// <summary>A chunk will never come: nobody waits for it.</summary>
    public void Abandon()
    {
        lock (_waiting)
        {
            _isAbandoned = true;
            Monitor.PulseAll(_waiting);
        }
    }
}
