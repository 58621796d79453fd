using KsLottery.Engine.Devices;

namespace KsLottery.Extension.Tests;

/// <summary>A device whose memory is the host's, and which does everything at once.</summary>
internal sealed class MyDevice(string name) : KernelDevice
{
    public override string Name => name;

    public override DeviceLimits Limits { get; } = new(MemoryBytes: 1 << 28, MaximumAllocationBytes: 1 << 26, SharedBytes: 48 << 10,
        MaximumGroupSize: 256, ComputeUnits: 1, HasDouble: true, HasUnifiedMemory: true);

    public override IDeviceGemm Gemm { get; } = new MyGemm();

    public override DeviceBuffer Allocate(long bytes) => bytes <= Limits.MaximumAllocationBytes ? new MyBuffer((int)bytes)
        : throw new DeviceFailureException(name, nameof(Allocate), $"{bytes} bytes",
            $"a buffer has at most {Limits.MaximumAllocationBytes}", "Use the CPU");

    public override StagingBuffer AllocateStaging(int bytes) => new MyStaging(bytes);

    public override DeviceQueue CreateQueue() => new MyQueue();

    public override void Dispose()
    {
    }
}

internal sealed class MyBuffer(int bytes) : DeviceBuffer(bytes)
{
    public byte[] Memory { get; } = new byte[bytes];

    public static byte[] MemoryOf(DeviceBuffer buffer) => ((MyBuffer)buffer).Memory;

    public override void Dispose()
    {
    }
}

internal sealed class MyStaging(int bytes) : StagingBuffer(bytes)
{
    private readonly byte[] _bytes = new byte[bytes];

    public override Span<byte> Bytes => _bytes;

    public override void Dispose()
    {
    }
}
