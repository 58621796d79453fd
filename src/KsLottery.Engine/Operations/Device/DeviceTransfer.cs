using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Operations;

/// <summary>Copies between the host and a device through staging memory.</summary>
internal sealed class DeviceTransfer(KernelDevice device, DeviceQueue queue) : IDisposable
{
    private const int ChunkBytes = 4 << 20;

    private readonly StagingBuffer _staging = device.AllocateStaging(2 * ChunkBytes);
    private (DeviceQueue Queue, StagingBuffer Staging)[] _streams = [];
    private int _used;

    /// <summary>Copies to the device; the source may change as soon as this returns, and the device may still be busy.</summary>
    public void Upload(DeviceBuffer destination, long start, ReadOnlySpan<byte> source)
    {
        for (int offset = 0; offset < source.Length; offset += ChunkBytes)
        {
            ReadOnlySpan<byte> chunk = source.Slice(offset, Math.Min(ChunkBytes, source.Length - offset));
            if (_used + chunk.Length > _staging.ByteLength)
            {
                queue.Finish();
                _used = 0;
            }
            chunk.CopyTo(_staging.Bytes[_used..]);
            queue.Write(destination, start + offset, _staging, _used, chunk.Length);
            _used += (chunk.Length + 63) & -64;
        }
    }

    /// <summary>Waits for the device and copies to the host.</summary>
    public void Download(Span<byte> destination, DeviceBuffer source, long start)
    {
        for (int offset = 0; offset < destination.Length; offset += ChunkBytes)
        {
            Span<byte> chunk = destination.Slice(offset, Math.Min(ChunkBytes, destination.Length - offset));
            queue.Finish();
            _used = 0;
            queue.Read(_staging, 0, source, start + offset, chunk.Length);
            queue.Finish();
            _staging.Bytes[..chunk.Length].CopyTo(chunk);
        }
    }

    /// <summary>Copies a tensor as it is stored, from its mapped file; a piece is read while the one before is on its way. Its pages do not
    /// stay resident.</summary>
    public void Stream(DeviceBuffer destination, Tensor tensor)
    {
        if (_streams.Length == 0)
            _streams = [(device.CreateQueue(), device.AllocateStaging(ChunkBytes)),
                (device.CreateQueue(), device.AllocateStaging(ChunkBytes))];
        for (long offset = 0, chunk = 0; offset < tensor.ByteLength; offset += ChunkBytes, chunk++)
        {
            (DeviceQueue stream, StagingBuffer staging) = _streams[chunk % 2];
            stream.Finish();
            Span<byte> buffer = staging.Bytes[..(int)Math.Min(ChunkBytes, tensor.ByteLength - offset)];
            ReadOnlySpan<byte> bytes = tensor.GetBytes(offset, buffer.Length, buffer);
            if (tensor.IsMapped)
            {
                bytes.CopyTo(buffer);
                tensor.DontNeed(offset, buffer.Length);
            }
            stream.Write(destination, offset, staging, 0, buffer.Length);
            stream.Flush();
        }
        foreach ((DeviceQueue stream, _) in _streams) stream.Finish();
    }

    public void Dispose()
    {
        _staging.Dispose();
        foreach ((DeviceQueue stream, StagingBuffer staging) in _streams)
        {
            stream.Dispose();
            staging.Dispose();
        }
    }
}
