using ILGPU.Runtime;
using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Memory of an accelerator: taken for it, or a view that somebody else has.</summary>
internal sealed class IlgpuBuffer : DeviceBuffer
{
    private readonly MemoryBuffer _memory;
    private readonly long _first;
    private readonly bool _isOwned;

    /// <summary>Takes memory; ILGPU has none of zero bytes.</summary>
    public IlgpuBuffer(Accelerator accelerator, long bytes) : base(bytes) =>
        (_memory, _isOwned) = (accelerator.Allocate1D<byte>(Math.Max(bytes, 1)), true);

    /// <summary>Stands for memory that outlives it.</summary>
    public IlgpuBuffer(IContiguousArrayView view) : base(view.LengthInBytes) => (_memory, _first) = (view.Buffer, view.IndexInBytes);

    /// <summary>A range of its bytes.</summary>
    public ArrayView<byte> Range(long start, long bytes) => new(_memory, _first + start, bytes);

    /// <summary>A range of its elements; a view of somebody else's begins at one of them.</summary>
    public ArrayView<T> View<T>(long start, long length) where T : unmanaged =>
        new(_memory, (_first / ArrayView<T>.ElementSize) + start, length);

    public override void Dispose()
    {
        if (_isOwned) _memory.Dispose();
    }
}

/// <summary>A pinned array that the accelerator's driver knows.</summary>
internal sealed class IlgpuStaging(Accelerator accelerator, int bytes) : StagingBuffer(bytes)
{
    private readonly PageLockedArray1D<byte> _array = accelerator.AllocatePageLocked1D<byte>(Math.Max(bytes, 1));

    public override Span<byte> Bytes => _array.Span[..ByteLength];

    /// <summary>A range of its bytes.</summary>
    public ArrayView<byte> Range(int start, int bytes) => _array.ArrayView.SubView(start, bytes);

    public override void Dispose() => _array.Dispose();
}
