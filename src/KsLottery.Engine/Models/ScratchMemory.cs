using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>Room on a device that grows to the most that was asked for.</summary>
internal sealed class ScratchMemory(IOperations operations) : IDisposable
{
    private DeviceMemory? _memory;

    /// <summary>Some elements of whatever content.</summary>
    public DeviceSpan Get(long length)
    {
        if (_memory is null || _memory.Length < length)
        {
            _memory?.Dispose();
            _memory = operations.Allocate(length);
        }
        return _memory.Span.Slice(0, length);
    }

    public void Dispose() => _memory?.Dispose();
}
