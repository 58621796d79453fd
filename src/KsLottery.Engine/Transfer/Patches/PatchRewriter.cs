using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Which of its two states a patch gives a tensor.</summary>
internal enum PatchSide
{
    /// <summary>As it was before.</summary>
    Base,

    /// <summary>As the patch makes it.</summary>
    Tuned,
}

/// <summary>Puts what a patch says of a tensor into windows of its elements, from front to back. For one thread.</summary>
internal sealed class PatchRewriter : IElementRewriter
{
    private const int MaxCount = ElementReader.MaxCount;

    private readonly PatchedTensor _patch;
    private readonly PatchSide _side;
    private readonly ElementType _type;
    private readonly ElementReader? _values;
    private readonly ElementReader _base = null!;
    private readonly MaskPlaces _mask;
    private readonly int[] _inside = new int[MaxCount], _around = [];
    private readonly byte[] _target;
    private readonly byte[] _signs = [], _present = [];
    private readonly float[] _shared = [], _gathered = [];
    private long _position, _valueIndex, _baseIndex;
    private int _insideCount, _aroundCount;

    /// <param name="patch">The tensor in the patch.</param>
    /// <param name="side">Which values.</param>
    public PatchRewriter(PatchedTensor patch, PatchSide side)
    {
        (_patch, _side, _type) = (patch, side, patch.BaseElementType);
        _values = patch.Values is { } values ? new(values) : null;
        if (patch.BaseValues is { } before) _base = new(before);
        _mask = new(patch.Mask);
        _target = new byte[MaxCount * _type.ByteSize()];
        if (patch.Payload == TicketPayload.Keep) _around = new int[MaxCount];
        if (patch.Payload == TicketPayload.Sign) (_signs, _present) = (new byte[MaxCount], new byte[_target.Length]);
        if (side == PatchSide.Tuned && patch.SharedValues is { } shared) (_shared, _gathered) = (Read(shared), new float[MaxCount]);
    }

    /// <summary>The first element from which a window may hold something that changes; behind the last there is none.</summary>
    public long Next => _patch.Payload == TicketPayload.Keep ? 0 : _mask.Next;

    /// <summary>The elements of the last window that the patch changes, ascending, counted from its start.</summary>
    public ReadOnlySpan<int> Places => _patch.Payload == TicketPayload.Keep ? _around.AsSpan(0, _aroundCount)
        : _inside.AsSpan(0, _insideCount);

    /// <summary>Whether the patch holds values, which may be anything.</summary>
    public bool HasValues => _patch.Payload is TicketPayload.Replace or TicketPayload.Delta or TicketPayload.Share
        || (_patch.Payload == TicketPayload.Keep && _values is not null);

    /// <inheritdoc/>
    /// <remarks>What lies between the last window and this one is passed over.</remarks>
    public RoundingLoss Rewrite(long start, Span<byte> window)
    {
        int size = _type.ByteSize();
        Skip(start);
        Locate(window.Length / size);
        ReadOnlySpan<int> places = Places;
        if (places.IsEmpty) return default;
        Span<byte> target = _target.AsSpan(0, places.Length * size);
        RoundingLoss loss = _patch.Payload switch
        {
            TicketPayload.Sign => SetSigns(window, places, target),
            _ when _side == PatchSide.Base => Convert(Base(places.Length), _base.Type, target),
            TicketPayload.Share => Share(start, places, target),
            TicketPayload.Keep => Keep(places, target),
            var payload => Payloads.Apply(payload, payload == TicketPayload.Delta ? Base(places.Length) : [], _base.Type,
                _values is null ? [] : _values.Get(_valueIndex, places.Length), _values?.Type ?? _type, target, _type),
        };
        Elements.Scatter(target, places, window);
        (_valueIndex, _baseIndex) = (_valueIndex + _insideCount, _baseIndex + places.Length);
        return loss;
    }

    private void Skip(long start)
    {
        while (_position < start)
        {
            if (_patch.Payload != TicketPayload.Keep) _position = Math.Min(start, Math.Max(_position, _mask.Next));
            Locate((int)Math.Min(MaxCount, start - _position));
            (_valueIndex, _baseIndex) = (_valueIndex + _insideCount, _baseIndex + Places.Length);
        }
    }

    /// <summary>Finds what a window touches that follows the last one.</summary>
    private void Locate(int length)
    {
        _insideCount = _mask.Read(_position, length, _inside);
        // All but the mask; with values of its own the mask too.
        if (_patch.Payload == TicketPayload.Keep)
            _aroundCount = MaskPlaces.Around(_inside.AsSpan(0, _values is null ? _insideCount : 0), length, _around);
        _position += length;
    }

    private RoundingLoss Keep(ReadOnlySpan<int> places, Span<byte> target)
    {
        target.Clear();
        if (_values is null || _insideCount == 0) return default;
        // With values all elements of the window are touched.
        byte[] kept = new byte[_insideCount * _type.ByteSize()];
        RoundingLoss loss = Convert(_values.Get(_valueIndex, _insideCount), _values.Type, kept);
        Elements.Scatter(kept, _inside.AsSpan(0, _insideCount), target);
        return loss;
    }

    private RoundingLoss Share(long start, ReadOnlySpan<int> places, Span<byte> target)
    {
        Span<float> gathered = _gathered.AsSpan(0, places.Length);
        for (int i = 0; i < places.Length; i++) _patch.Share!.Value.Gather(start + places[i], _shared, gathered.Slice(i, 1));
        return Convert(MemoryMarshal.AsBytes(gathered), ElementType.F32, target);
    }

    private RoundingLoss SetSigns(ReadOnlySpan<byte> window, ReadOnlySpan<int> places, Span<byte> target)
    {
        Span<byte> present = _present.AsSpan(0, target.Length);
        Elements.Gather(window, places, present);
        return Payloads.Apply(TicketPayload.Sign, present, _type, Signs(_side == PatchSide.Tuned ? _values! : _base, places.Length), _type,
            target, _type);
    }

    private RoundingLoss Convert(ReadOnlySpan<byte> values, ElementType type, Span<byte> target) =>
        Payloads.Apply(TicketPayload.Replace, [], _type, values, type, target, _type);

    private ReadOnlySpan<byte> Base(int count) => _base.Get(_baseIndex, count);

    /// <summary>Bits, the lowest first in each byte, as a byte each.</summary>
    private ReadOnlySpan<byte> Signs(ElementReader bits, int count)
    {
        long first = _valueIndex / 8;
        int skipped = (int)(_valueIndex % 8);
        ReadOnlySpan<byte> bytes = bits.Get(first, (skipped + count + 7) / 8);
        for (int i = 0; i < count; i++) _signs[i] = (byte)(bytes[(skipped + i) / 8] << (7 - ((skipped + i) % 8)) & 0x80);
        return _signs.AsSpan(0, count);
    }

    private static float[] Read(Tensor shared)
    {
        float[] values = new float[shared.ElementCount];
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        ReadOnlySpan<byte> read = shared.GetBytes(0, bytes.Length, bytes);
        if (shared.IsMapped) read.CopyTo(bytes);
        return values;
    }
}
