using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The elements of a mask, a window at a time, from front to back. For one thread.</summary>
internal sealed class MaskPlaces : IDisposable
{
    private readonly bool _areElements;
    private readonly IEnumerator<IndexRun>? _runs;
    private IndexSet.Enumerator _elements;
    private IndexRun _run;

    public MaskPlaces(TensorMask mask)
    {
        _areElements = mask.Grid.UnitSize == 1;
        if (_areElements) _elements = mask.Units.GetEnumerator();
        else
        {
            _runs = mask.Runs.GetEnumerator();
            Advance();
        }
    }

    /// <summary>Goes to a window behind the last one.</summary>
    /// <param name="start">The first element.</param>
    /// <param name="count">How many there are, in the mask or not.</param>
    /// <param name="places">Those in the mask, counted from the first; room for all.</param>
    /// <returns>How many are in the mask.</returns>
    public int Read(long start, int count, Span<int> places)
    {
        if (_areElements) return _elements.Read(start + count, start, places);
        int found = 0;
        while (_run.Start < start + count)
        {
            long end = Math.Min(_run.End, start + count);
            for (long element = Math.Max(start, _run.Start); element < end; element++) places[found++] = (int)(element - start);
            if (end < _run.End) break;
            Advance();
        }
        return found;
    }

    public void Dispose() => _runs?.Dispose();

    private void Advance() => _run = _runs!.MoveNext() ? _runs.Current : new(long.MaxValue, 0);
}
