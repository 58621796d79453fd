using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What a patch adds to the elements of a tensor, a window of them at a time, from front to back. For one thread.</summary>
/// <remarks>Its arrays are lent: a model has hundreds of tensors, and a merge should take little memory.</remarks>
internal sealed class PatchChanges : IDisposable
{
    /// <summary>The most elements of a window: as F32 they and what is made of them stay in the first-level cache.</summary>
    public const int MaxCount = 1 << 12;

    private readonly PatchedTensor _patch;
    private readonly MergeTrim _trim;
    private readonly bool _areValues;
    private readonly ElementReader _values, _base;
    private readonly MaskPlaces _mask;
    private readonly int[] _places = ArrayPool<int>.Shared.Rent(MaxCount);
    private readonly float[] _stored = Rent(), _before = Rent(), _window = Rent(),
        _changes = ArrayPool<float>.Shared.Rent(MaxCount + Vector512<float>.Count);
    private readonly ChangeSigns _signs = new();
    private readonly ulong[] _has = new ulong[MaxCount / 64];
    private long _index, _ties;
    private int _count;
    private bool _isMarked;

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
    public ulong[] Has
    {
        get
        {
            if (!_isMarked) Mark();
            return _has;
        }
    }

    /// <summary>Which elements of the window are increased and which are decreased.</summary>
    public ChangeSigns Signs
    {
        get
        {
            if (!_isMarked) Mark();
            return _signs;
        }
    }

    /// <summary>How many elements of the window are changed.</summary>
    public int Count => _count;

    /// <summary>By how much the elements that are changed do, or to what, ascending.</summary>
    public ReadOnlySpan<float> Changes => _changes.AsSpan(0, _count);

    /// <summary>The same, and behind them anything, as many as a vector has.</summary>
    public float[] PaddedChanges => _changes;

    /// <summary>The same at their places in the window, 0 at all others; see <see cref="Spread"/>.</summary>
    public float[] Window => _window;

    /// <summary>Whether a payload says of its elements by how much they change.</summary>
    public static bool Reads(TicketPayload payload) => payload is TicketPayload.Replace or TicketPayload.Delta;

    /// <summary>Goes to a window behind the last one.</summary>
    public void Read(long start, int count)
    {
        _count = _mask.Read(start, count, _places);
        ReadChanges();
        if (_trim.IsOn) Trim();
        _isMarked = false;
    }

    /// <summary>Puts the changes at their places in <see cref="Window"/>.</summary>
    public void Spread()
    {
        Array.Clear(_window, 0, MaxCount);
        PutInto(_window);
    }

    /// <summary>Puts the changes at their places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void PutInto(Span<float> window)
    {
        ReadOnlySpan<int> places = _places.AsSpan(0, _count);
        ReadOnlySpan<float> changes = Changes;
        for (int i = 0; i < places.Length; i++) window[places[i]] = changes[i];
    }

    /// <summary>Adds the changes at their places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(Span<float> window)
    {
        ReadOnlySpan<int> places = _places.AsSpan(0, _count);
        ref float change = ref MemoryMarshal.GetReference(Changes), first = ref MemoryMarshal.GetReference(window);
        // The last is the largest.
        if (!places.IsEmpty) _ = window[places[^1]];
        for (int i = 0; i < places.Length; i++) Unsafe.Add(ref first, (uint)places[i]) += Unsafe.Add(ref change, i);
    }

    /// <summary>Gives the arrays back.</summary>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_places);
        foreach (float[] one in (ReadOnlySpan<float[]>)[_stored, _before, _changes, _window]) ArrayPool<float>.Shared.Return(one);
    }

    private static float[] Rent() => ArrayPool<float>.Shared.Rent(MaxCount);

    private void Mark()
    {
        _signs.Write(_places.AsSpan(0, _count), _changes, _has);
        _isMarked = true;
    }

    /// <summary>The changes of all elements, some thousands at a time.</summary>
    public IEnumerable<float[]> All()
    {
        for (long left = _patch.Mask.Parameters; left > 0; left -= _count)
        {
            _count = (int)Math.Min(MaxCount, left);
            ReadChanges();
            yield return Changes.ToArray();
        }
    }

    /// <summary>Reads how the located elements change.</summary>
    private void ReadChanges()
    {
        Span<float> stored = _stored.AsSpan(0, _count), before = _before.AsSpan(0, _count), changes = _changes.AsSpan(0, _count);
        if (_count == 0) return;
        ReadOnlySpan<byte> values = _values.Get(_index, _count), baseValues = _base.Get(_index, _count);
        _index += _count;
        if (_patch.Payload == TicketPayload.Replace && !_areValues && (_values.Type, _base.Type) == (ElementType.BF16, ElementType.BF16))
        {
            HalfPrecision.SubtractBFloat16(MemoryMarshal.Cast<byte, ushort>(values), MemoryMarshal.Cast<byte, ushort>(baseValues), changes);
            return;
        }
        RowRounding.Convert(values, _values.Type, MemoryMarshal.AsBytes(stored), ElementType.F32);
        RowRounding.Convert(baseValues, _base.Type, MemoryMarshal.AsBytes(before), ElementType.F32);
        if (_patch.Payload == TicketPayload.Delta == !_areValues) stored.CopyTo(changes);
        else if (_areValues) TensorPrimitives.Add(before, stored, changes);
        else TensorPrimitives.Subtract(stored, before, changes);
    }

    /// <summary>Leaves out the small changes; those that are compared are differences.</summary>
    private void Trim()
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
            if (_trim.Keeps(_changes[i], ref _ties)) (_places[kept], _changes[kept++]) = (_places[i], _changes[i]);
        _count = kept;
    }
}
