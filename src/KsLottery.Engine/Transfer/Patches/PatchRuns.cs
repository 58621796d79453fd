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

/// <summary>Goes through the elements that a patch changes in a tensor, ascending, in pieces, and says what stands there. For one
/// thread.</summary>
internal sealed class PatchRuns
{
    private readonly PatchedTensor _patch;
    private readonly PatchSide _side;
    private readonly ElementType _type;
    private readonly ElementReader? _values, _base;
    private readonly IEnumerator<(IndexRun Run, bool IsIn)> _pieces;
    private readonly byte[] _target = new byte[ElementReader.MaxCount * sizeof(double)];
    private readonly byte[] _signs;
    private readonly float[] _shared = [], _gathered = [];
    private long _valueIndex, _baseIndex;
    private bool _isIn;

    /// <param name="patch">The tensor in the patch.</param>
    /// <param name="side">Which values.</param>
    public PatchRuns(PatchedTensor patch, PatchSide side)
    {
        (_patch, _side, _type) = (patch, side, patch.BaseElementType);
        _values = patch.Values is { } values ? new(values) : null;
        _base = patch.BaseValues is { } before ? new(before) : null;
        _signs = patch.Payload == TicketPayload.Sign ? new byte[ElementReader.MaxCount] : [];
        if (side == PatchSide.Tuned && patch.SharedValues is { } shared)
            (_shared, _gathered) = (Read(shared), new float[ElementReader.MaxCount]);
        _pieces = Touched(patch).GetEnumerator();
    }

    /// <summary>The elements of the piece.</summary>
    public IndexRun Current { get; private set; }

    /// <summary>Whether the patch holds values for them, which may be anything.</summary>
    public bool HasValues => _isIn
        && _patch.Payload is TicketPayload.Replace or TicketPayload.Delta or TicketPayload.Keep or TicketPayload.Share;

    /// <summary>Goes to the next piece.</summary>
    public bool MoveNext()
    {
        if (_isIn) _valueIndex += Current.Length;
        _baseIndex += Current.Length;
        if (!_pieces.MoveNext()) return false;
        (Current, _isIn) = _pieces.Current;
        return true;
    }

    /// <summary>The bytes of the piece, in the base's type; valid until the next call.</summary>
    /// <param name="present">Those that stand in the tensor.</param>
    /// <param name="loss">What rounding cost.</param>
    public ReadOnlySpan<byte> Get(ReadOnlySpan<byte> present, out RoundingLoss loss)
    {
        Span<byte> target = _target.AsSpan(0, present.Length);
        int count = (int)Current.Length;
        if (_patch.Payload == TicketPayload.Sign)
            loss = Payloads.Apply(TicketPayload.Sign, present, _type, Signs(_side == PatchSide.Tuned ? _values! : _base!, count), _type,
                target, _type);
        else if (_side == PatchSide.Base)
            loss = Payloads.Apply(TicketPayload.Replace, [], _type, Base(count), _base!.Type, target, _type);
        else if (_patch.Share is { } map)
        {
            map.Gather(Current.Start, _shared, _gathered.AsSpan(0, count));
            loss = Payloads.Apply(TicketPayload.Share, [], _type, MemoryMarshal.AsBytes(_gathered.AsSpan(0, count)), ElementType.F32,
                target, _type);
        }
        else if (_isIn)
            loss = Payloads.Apply(_patch.Payload, _patch.Payload == TicketPayload.Delta ? Base(count) : [], _base!.Type,
                _values is null ? [] : _values.Get(_valueIndex, count), _values?.Type ?? _type, target, _type);
        else
            loss = Payloads.Apply(TicketPayload.Drop, [], _type, [], _type, target, _type);
        return target;
    }

    /// <summary>What a patch changes: its mask, and for <see cref="TicketPayload.Keep"/> all else, with the mask where it has
    /// values.</summary>
    public static IEnumerable<(IndexRun Run, bool IsIn)> Touched(TensorMask mask, TicketPayload payload, bool hasValues) =>
        payload == TicketPayload.Keep
            ? ElementReader.Cover(mask.Runs, mask.Grid.ElementCount).Where(part => hasValues || !part.IsIn)
            : mask.Runs.Select(run => (run, true));

    private static IEnumerable<(IndexRun Run, bool IsIn)> Touched(PatchedTensor patch)
    {
        foreach ((IndexRun run, bool isIn) in Touched(patch.Mask, patch.Payload, patch.Values is not null))
            foreach (IndexRun piece in ElementReader.Pieces([run])) yield return (piece, isIn);
    }

    private static float[] Read(Tensor shared)
    {
        float[] values = new float[shared.ElementCount];
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        ReadOnlySpan<byte> read = shared.GetBytes(0, bytes.Length, bytes);
        if (shared.IsMapped) read.CopyTo(bytes);
        return values;
    }

    private ReadOnlySpan<byte> Base(int count) => _base!.Get(_baseIndex, count);

    /// <summary>Bits, the lowest first in each byte, as a byte each.</summary>
    private ReadOnlySpan<byte> Signs(ElementReader bits, int count)
    {
        long first = _valueIndex / 8;
        int skipped = (int)(_valueIndex % 8);
        ReadOnlySpan<byte> bytes = bits.Get(first, (skipped + count + 7) / 8);
        for (int i = 0; i < count; i++) _signs[i] = (byte)(bytes[(skipped + i) / 8] << (7 - ((skipped + i) % 8)) & 0x80);
        return _signs.AsSpan(0, count);
    }
}
