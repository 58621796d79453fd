namespace KsLottery.Engine.Devices;

/// <summary>A piece of a device's memory, of undefined content at first.</summary>
internal abstract class DeviceBuffer(long byteLength) : IDisposable
{
    /// <summary>Its size.</summary>
    public long ByteLength { get; } = byteLength;

    /// <summary>Gives the memory back once no queued work needs it.</summary>
    public abstract void Dispose();
}

/// <summary>Host memory that a device copies from and to at full speed, while the host goes on.</summary>
internal abstract class StagingBuffer(int byteLength) : IDisposable
{
    /// <summary>Its size.</summary>
    public int ByteLength { get; } = byteLength;

    /// <summary>The bytes; not to be touched while a queued copy reads or writes them.</summary>
    public abstract Span<byte> Bytes { get; }

    public abstract void Dispose();
}
