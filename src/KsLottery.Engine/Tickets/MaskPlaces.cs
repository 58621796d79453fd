using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The elements of a mask, a window at a time, from front to back. For one thread.</summary>
internal sealed class MaskPlaces
{
    private readonly bool _areElements;
    private readonly IEnumerator<IndexRun>? _runs;
    private IndexSet.Enumerator _elements;
    private IndexRun _run;

    public MaskPlaces(TensorMask mask)
    {
        _areElements = mask.Grid.UnitSize == 1;
        if (_areElements) _elements = mask.Units.GetEnumerator();
        else _runs = mask.Runs.GetEnumerator();
        Advance();
    }

    /// <summary>The next element that no window had; <see cref="long.MaxValue"/> behind the last.</summary>
    public long Next { get; private set; }

    /// <summary>Goes to a window behind the last one.</summary>
    /// <param name="start">The first element.</param>
    /// <param name="count">How many there are, in the mask or not.</param>
    /// <param name="places">Those in the mask, counted from the first; room for all.</param>
    /// <returns>How many are in the mask.</returns>
    public int Read(long start, int count, Span<int> places)
    {
        int found = 0;
        long end = start + count;
        if (_areElements)
        {
            if (Next >= end) return 0;
            places[found++] = (int)(Next - start);
            found += _elements.Read(end, start, places[1..]);
            Advance();
            return found;
        }
        while (_run.Start < end)
        {
            long last = Math.Min(_run.End, end);
            for (long element = Math.Max(start, _run.Start); element < last; element++) places[found++] = (int)(element - start);
            Next = last;
            if (last < _run.End) break;
            Advance();
        }
        return found;
    }

    /// <summary>The elements of a window that are not among some of it.</summary>
    /// <param name="inside">Those, ascending, counted from the window's start.</param>
    /// <param name="length">How many elements the window has.</param>
    /// <param name="places">Takes the others; room for all.</param>
    /// <returns>How many others there are.</returns>
    public static int Around(ReadOnlySpan<int> inside, int length, Span<int> places)
    {
        int next = 0, count = 0;
        for (int place = 0; place < length; place++)
            if (next < inside.Length && inside[next] == place) next++;
            else places[count++] = place;
        return count;
    }

    private void Advance()
    {
        if (_areElements) Next = _elements.MoveNext() ? _elements.Current : long.MaxValue;
        else
        {
            _run = _runs!.MoveNext() ? _runs.Current : new(long.MaxValue, 0);
            Next = _run.Start;
        }
    }
}
