using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Reads pieces of a tensor's elements, and keeps few of its bytes in memory. For one thread; fast where pieces ascend.</summary>
internal sealed class ElementReader(Tensor tensor)
{
    /// <summary>The most elements of a piece.</summary>
    public const int MaxCount = 1 << 14;

    private const long DropEvery = 16 << 20;

    private readonly int _size = tensor.ElementType.ByteSize();
    private byte[] _buffer = [];
    private long _start, _dropped;
    private int _count;

    /// <summary>The type of the elements.</summary>
    public ElementType Type => tensor.ElementType;

    /// <summary>The stored bytes of some elements; valid until the next call.</summary>
    public ReadOnlySpan<byte> Get(long first, int count)
    {
        if (tensor.IsMapped)
        {
            if (first * _size - _dropped >= DropEvery)
            {
                tensor.DontNeed(_dropped, (first * _size) - _dropped);
                _dropped = first * _size;
            }
            return tensor.GetBytes(first * _size, count * _size, []);
        }
        if (first < _start || first + count > _start + _count)
        {
            if (_buffer.Length == 0) _buffer = new byte[MaxCount * _size];
            (_start, _count) = (first, (int)Math.Min(MaxCount, tensor.ElementCount - first));
            tensor.GetBytes(first * _size, _count * _size, _buffer);
        }
        return _buffer.AsSpan((int)(first - _start) * _size, count * _size);
    }

    /// <summary>Runs cut into pieces that can be read.</summary>
    public static IEnumerable<IndexRun> Pieces(IEnumerable<IndexRun> runs)
    {
        foreach (IndexRun run in runs)
            for (long start = run.Start; start < run.End; start += MaxCount)
                yield return new(start, Math.Min(MaxCount, run.End - start));
    }
}
