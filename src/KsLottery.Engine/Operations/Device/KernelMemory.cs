using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Numbers in the memory of a device that runs kernels.</summary>
/// <param name="owner">Whose memory it is.</param>
/// <param name="buffer">Where it lies.</param>
/// <param name="length">The number of elements.</param>
/// <param name="elementType">How one is stored.</param>
/// <param name="isWeight">Whether it holds a file's weight, which is not written to.</param>
/// <param name="released">Hears how many bytes were given back.</param>
internal sealed class KernelMemory(KernelOperations owner, DeviceBuffer buffer, long length, ElementType elementType, bool isWeight,
    Action<long> released) : DeviceMemory(length, elementType)
{
    private DeviceBuffer? _buffer = buffer;

    /// <summary>Whose memory it is.</summary>
    public KernelOperations Owner => owner;

    /// <summary>Whether it is not written to.</summary>
    public bool IsWeight => isWeight;

    /// <summary>Where it lies.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public DeviceBuffer Buffer => _buffer ?? throw new ObjectDisposedException(nameof(KernelMemory));

    private protected override void Dispose(bool disposing)
    {
        if (!disposing || _buffer is null) return;
        _buffer.Dispose();
        _buffer = null;
        released(Length * ElementType.ByteSize());
    }
}
