using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Operations;

/// <summary>Copies between the host and a device through staging memory.</summary>
internal sealed class DeviceTransfer(KernelDevice device, DeviceQueue queue) : IDisposable
{
    private const int PieceBytes = 4 << 20;

    private readonly StagingBuffer _staging = device.AllocateStaging(2 * PieceBytes);
    private (DeviceQueue Queue, StagingBuffer Staging)[] _streams = [];
    private int _used;

    /// <summary>Copies to the device; the source may change as soon as this returns, and the device may still be busy.</summary>
    public void Upload(DeviceBuffer destination, long start, ReadOnlySpan<byte> source)
    {
        for (int offset = 0; offset < source.Length; offset += PieceBytes)
        {
            ReadOnlySpan<byte> piece = source.Slice(offset, Math.Min(PieceBytes, source.Length - offset));
            if (_used + piece.Length > _staging.ByteLength)
            {
                queue.Finish();
                _used = 0;
            }
            piece.CopyTo(_staging.Bytes[_used..]);
            queue.Write(destination, start + offset, _staging, _used, piece.Length);
            _used += (piece.Length + 63) & -64;
        }
    }

    /// <summary>Waits for the device and copies to the host.</summary>
    public void Download(Span<byte> destination, DeviceBuffer source, long start)
    {
        for (int offset = 0; offset < destination.Length; offset += PieceBytes)
        {
            Span<byte> piece = destination.Slice(offset, Math.Min(PieceBytes, destination.Length - offset));
            queue.Finish();
            _used = 0;
            queue.Read(_staging, 0, source, start + offset, piece.Length);
            queue.Finish();
            _staging.Bytes[..piece.Length].CopyTo(piece);
        }
    }

    /// <summary>Copies a tensor as it is stored, from its mapped file; a piece is read while the one before is on its way. Its pages do not stay
    /// resident.</summary>
    public void Stream(DeviceBuffer destination, Tensor tensor)
    {
        if (_streams.Length == 0)
            _streams = [(device.CreateQueue(), device.AllocateStaging(PieceBytes)), (device.CreateQueue(), device.AllocateStaging(PieceBytes))];
        for (long offset = 0, piece = 0; offset < tensor.ByteLength; offset += PieceBytes, piece++)
        {
            (DeviceQueue stream, StagingBuffer staging) = _streams[piece % 2];
            stream.Finish();
            Span<byte> room = staging.Bytes[..(int)Math.Min(PieceBytes, tensor.ByteLength - offset)];
            ReadOnlySpan<byte> bytes = tensor.GetBytes(offset, room.Length, room);
            if (tensor.IsMapped)
            {
                bytes.CopyTo(room);
                tensor.DontNeed(offset, room.Length);
            }
            stream.Write(destination, offset, staging, 0, room.Length);
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
