using ILGPU.Runtime;
using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Memory of an accelerator; ILGPU has none of zero bytes.</summary>
internal sealed class IlgpuBuffer(Accelerator accelerator, long bytes) : DeviceBuffer(bytes)
{
    public MemoryBuffer1D<byte, Stride1D.Dense> Memory { get; } = accelerator.Allocate1D<byte>(Math.Max(bytes, 1));

    /// <summary>A range of its bytes.</summary>
    public ArrayView<byte> Range(long start, long bytes) => new(Memory, start, bytes);

    public override void Dispose() => Memory.Dispose();
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
