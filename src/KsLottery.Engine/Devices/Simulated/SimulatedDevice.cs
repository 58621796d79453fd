using KsLottery.Kernels;
using KsLottery.Kernels.Language;

namespace KsLottery.Engine.Devices;

/// <summary>Runs kernels as plain C# on the host, lane by lane: to step through them in a debugger. Everything is done at once, and
/// slowly.</summary>
/// <param name="isReversed">Whether lanes run from the last to the first between barriers.</param>
internal sealed class SimulatedDevice(bool isReversed = false) : KernelDevice
{
    public const string DeviceName = "simulated";

    public override string Name => DeviceName;

    public override DeviceLimits Limits { get; } = new(
        MemoryBytes: GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, MaximumAllocationBytes: Array.MaxLength, SharedBytes: 48 << 10,
        MaximumGroupSize: 256, ComputeUnits: 1, HasDouble: true, HasUnifiedMemory: true);

    public override DeviceBuffer Allocate(long bytes)
    {
        if (bytes > Array.MaxLength)
            throw new DeviceFailureException(Name, nameof(Allocate), $"{bytes} bytes", $"a piece has at most {Array.MaxLength} bytes",
                "Use another device");
        return new Buffer(bytes);
    }

    public override StagingBuffer AllocateStaging(int bytes) => new Staging(bytes);

    public override DeviceQueue CreateQueue() => new Queue(isReversed);

    public override void Dispose()
    {
    }

    private static byte[] BytesOf(DeviceBuffer buffer) => ((Buffer)buffer).Bytes;

    private sealed class Buffer : DeviceBuffer
    {
        public Buffer(long bytes) : base(bytes)
        {
            Bytes = GC.AllocateUninitializedArray<byte>((int)bytes);
            Bytes.AsSpan().Fill(0xA5);
        }

        public byte[] Bytes { get; }

        public override void Dispose()
        {
        }
    }

    private sealed class Staging(int bytes) : StagingBuffer(bytes)
    {
        private readonly byte[] _bytes = new byte[bytes];

        public override Span<byte> Bytes => _bytes;

        public override void Dispose()
        {
        }
    }

    private sealed class Queue(bool isReversed) : DeviceQueue
    {
        public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
        {
            KernelArgument.Check(kernel, arguments);
            Arguments given = new([.. arguments]);
            SimulatedGrid.Run(groups, kernel.GroupSize, () => kernel.Run(given), isReversed);
        }

        public override void Build(KernelDefinition kernel)
        {
        }

        public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
            source.Bytes.Slice(sourceStart, bytes).CopyTo(BytesOf(destination).AsSpan((int)destinationStart, bytes));

        public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
            BytesOf(source).AsSpan((int)sourceStart, bytes).CopyTo(destination.Bytes.Slice(destinationStart, bytes));

        public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes) =>
            BytesOf(source).AsSpan((int)sourceStart, (int)bytes).CopyTo(BytesOf(destination).AsSpan((int)destinationStart, (int)bytes));

        public override void Clear(DeviceBuffer destination, long start, long bytes) =>
            BytesOf(destination).AsSpan((int)start, (int)bytes).Clear();

        public override void Flush()
        {
        }

        public override void Finish()
        {
        }

        public override void Dispose()
        {
        }
    }

    private sealed class Arguments(KernelArgument[] arguments) : IKernelArguments
    {
        public ArrayView<T> View<T>(int index) where T : unmanaged
        {
            KernelArgument view = arguments[index];
            return view.Buffer is null ? SimulatedGrid.View<T>([], 0, 0)
                : SimulatedGrid.View<T>(BytesOf(view.Buffer), view.Start * System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), view.Length);
        }

        public T Scalar<T>(int index) where T : unmanaged => arguments[index].As<T>();
    }
}

/// <summary>The one simulated device.</summary>
internal sealed class SimulatedProvider : IDeviceProvider
{
    public string Prefix => SimulatedDevice.DeviceName;

    public IReadOnlyList<DeviceInfo> Probe() =>
    [
        new(SimulatedDevice.DeviceName, DeviceKind.Simulated, "kernels as plain C#, lane by lane, for debugging; slow")
        {
            IsSimulation = true,
        },
    ];

    public KernelDevice Open(DeviceInfo device) => new SimulatedDevice();
}
