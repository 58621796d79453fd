using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Operations;

/// <summary>Brings rows, positions and other numbers that an operation is given to the device, without waiting for it.</summary>
/// <remarks>Places are used one behind the other, and again only once all work that was queued before is done. A model gives the same
/// numbers to many operations: the last few are kept and not sent twice.</remarks>
internal sealed class OperandRing(KernelDevice device, DeviceQueue queue) : IDisposable
{
    private const int MinBytes = 1 << 20, Boundary = 64, Kept = 8;

    private readonly List<(int Start, int Count)> _recent = [];
    private StagingBuffer? _staging;
    private DeviceBuffer? _buffer;
    private int _used;

    /// <summary>Makes room for some arrays that one operation needs together.</summary>
    public void Reserve(params ReadOnlySpan<int> counts)
    {
        long bytes = 0;
        foreach (int count in counts) bytes += RoundUp((long)count * sizeof(int));
        if (_staging is not null && _used + bytes <= _staging.ByteLength) return;
        queue.Finish();
        _recent.Clear();
        _used = 0;
        if (_staging is not null && bytes <= _staging.ByteLength) return;
        Dispose();
        int size = (int)Math.Max(MinBytes, Math.Min(Array.MaxLength & -Boundary, 2 * bytes));
        (_staging, _buffer) = (device.AllocateStaging(size), device.Allocate(size));
    }

    /// <summary>A view of some numbers on the device, good for work that is queued before the next operation.</summary>
    public KernelArgument Put(ReadOnlySpan<int> numbers)
    {
        if (numbers.IsEmpty) return KernelArgument.View(null, 0, 0);
        foreach ((int start, int count) in _recent)
            if (count == numbers.Length && numbers.SequenceEqual(Room.Slice(start, count)))
                return KernelArgument.View(_buffer, start, count);
        Reserve(numbers.Length);
        int at = _used / sizeof(int);
        numbers.CopyTo(Room[at..]);
        queue.Write(_buffer!, _used, _staging!, _used, numbers.Length * sizeof(int));
        _used += (int)RoundUp((long)numbers.Length * sizeof(int));
        if (_recent.Count == Kept) _recent.RemoveAt(0);
        _recent.Add((at, numbers.Length));
        return KernelArgument.View(_buffer, at, numbers.Length);
    }

    public void Dispose()
    {
        _staging?.Dispose();
        _buffer?.Dispose();
    }

    private Span<int> Room => MemoryMarshal.Cast<byte, int>(_staging!.Bytes);

    private static long RoundUp(long bytes) => (bytes + Boundary - 1) & -Boundary;
}
