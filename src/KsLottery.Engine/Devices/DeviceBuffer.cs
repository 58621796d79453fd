namespace KsLottery.Engine.Devices;

/// <summary>A range of a device's memory, of undefined content at first.</summary>
/// <remarks>A provider derives its own and casts what comes back to it: a device is only ever given buffers that it allocated
/// itself.</remarks>
/// <param name="byteLength">Its size in bytes, 0 or more; 0 is a buffer as well.</param>
public abstract class DeviceBuffer(long byteLength) : IDisposable
{
    /// <summary>Its size in bytes, as it was asked for.</summary>
    public long ByteLength { get; } = byteLength;

    /// <summary>Releases the memory once no queued work needs it: the caller does not wait for its queues before. A second call does
    /// nothing.</summary>
    public abstract void Dispose();
}

/// <summary>Host memory that a device copies from and to at full speed, while the host goes on.</summary>
/// <param name="byteLength">Its size in bytes, 0 or more.</param>
public abstract class StagingBuffer(int byteLength) : IDisposable
{
    /// <summary>Its size in bytes, as it was asked for.</summary>
    public int ByteLength { get; } = byteLength;

    /// <summary>The <see cref="ByteLength"/> bytes, at the same address as long as the buffer lives; not to be touched while a queued copy
    /// reads or writes
    /// them, which <see cref="DeviceQueue.Finish"/> ends. Several threads may fill parts that do not overlap.</summary>
    public abstract Span<byte> Bytes { get; }

    /// <summary>Releases the memory, which no queued copy uses any more. A second call does nothing.</summary>
    public abstract void Dispose();
}
