using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What a patch adds to the elements of a tensor, a window of them at a time, from front to back. For one thread.</summary>
internal sealed class PatchChanges
{
    /// <summary>The most elements of a window.</summary>
    public const int MaxCount = ElementReader.MaxCount;

    private readonly PatchedTensor _patch;
    private readonly MergeTrim _trim;
    private readonly bool _areValues;
    private readonly ElementReader _values, _base;
    private readonly MaskPlaces _mask;
    private readonly int[] _places = new int[MaxCount];
    private readonly float[] _stored = new float[MaxCount], _before = new float[MaxCount], _differences = new float[MaxCount];
    private readonly float[] _window = new float[MaxCount];
    private readonly ulong[] _has = new ulong[MaxCount / 64];
    private long _index, _ties;
    private int _count;

    /// <param name="patch">The tensor in the patch, of values or differences.</param>
    /// <param name="trim">What is left out.</param>
    /// <param name="areValues">Whether the window has what the elements become, and not by how much they change.</param>
    public PatchChanges(PatchedTensor patch, MergeTrim trim = default, bool areValues = false)
    {
        (_patch, _trim, _areValues, _ties) = (patch, trim, areValues, trim.Ties);
        (_values, _base) = (new(patch.Values!), new(patch.BaseValues));
        _mask = new(patch.Mask);
    }

    /// <summary>Whether an element of the window is changed, a bit each.</summary>
    public ulong[] Has => _has;

    /// <summary>By how much, or to what; 0 where it is not.</summary>
    public float[] Window => _window;

    /// <summary>Whether a payload says of its elements by how much they change.</summary>
    public static bool Reads(TicketPayload payload) => payload is TicketPayload.Replace or TicketPayload.Delta;

    /// <summary>Goes to a window behind the last one.</summary>
    public void Read(long start, int count)
    {
        _count = _mask.Read(start, count, _places);
        Array.Clear(_has);
        Array.Clear(_window);
        ReadOnlySpan<float> changes = ReadChanges();
        for (int i = 0; i < changes.Length; i++)
        {
            if (_trim.IsOn && !_trim.Keeps(changes[i], ref _ties)) continue;
            int place = _places[i];
            _window[place] = !_areValues ? changes[i] : _patch.Payload == TicketPayload.Replace ? _stored[i] : _before[i] + changes[i];
            _has[place >> 6] |= 1UL << place;
        }
    }

    /// <summary>The changes of all elements, some thousands at a time.</summary>
    public IEnumerable<float[]> All()
    {
        for (long left = _patch.Mask.Parameters; left > 0; left -= _count)
        {
            _count = (int)Math.Min(MaxCount, left);
            yield return ReadChanges().ToArray();
        }
    }

    /// <summary>By how much the located elements change; leaves in the fields what the patch and its base hold of them.</summary>
    private ReadOnlySpan<float> ReadChanges()
    {
        if (_count == 0) return [];
        Span<float> stored = _stored.AsSpan(0, _count), before = _before.AsSpan(0, _count);
        RowRounding.Convert(_values.Get(_index, _count), _values.Type, MemoryMarshal.AsBytes(stored), ElementType.F32);
        RowRounding.Convert(_base.Get(_index, _count), _base.Type, MemoryMarshal.AsBytes(before), ElementType.F32);
        _index += _count;
        if (_patch.Payload == TicketPayload.Delta) return stored;
        Span<float> differences = _differences.AsSpan(0, _count);
        for (int i = 0; i < _count; i++) differences[i] = stored[i] - before[i];
        return differences;
    }
}
