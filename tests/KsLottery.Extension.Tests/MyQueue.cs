using KsLottery.Engine.Devices;
using KsLottery.Kernels;
using KsLottery.Kernels.Language;

namespace KsLottery.Extension.Tests;

/// <summary>Runs the kernels' C#; a real device would compile <see cref="KernelSource"/>.</summary>
internal sealed class MyQueue : DeviceQueue
{
    public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        KernelArgument.Check(kernel, arguments);
        MyArguments given = new(kernel, [.. arguments]);
        SimulatedGrid.Run(groups, kernel.GroupSize, () => kernel.Run(given));
    }

    public override void Build(KernelDefinition kernel)
    {
    }

    public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
        source.Bytes.Slice(sourceStart, bytes).CopyTo(Range(destination, destinationStart, bytes));

    public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
        Range(source, sourceStart, bytes).CopyTo(destination.Bytes.Slice(destinationStart, bytes));

    public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes) =>
        Range(source, sourceStart, bytes).CopyTo(Range(destination, destinationStart, bytes));

    public override void Clear(DeviceBuffer destination, long start, long bytes) => Range(destination, start, bytes).Clear();

    public override void Flush()
    {
    }

    public override void Finish()
    {
    }

    public override void Dispose()
    {
    }

    private static Span<byte> Range(DeviceBuffer buffer, long start, long bytes) =>
        MyBuffer.MemoryOf(buffer).AsSpan((int)start, (int)bytes);

    private sealed class MyArguments(KernelDefinition kernel, KernelArgument[] arguments) : IKernelArguments
    {
        public ArrayView<T> View<T>(int index) where T : unmanaged
        {
            KernelArgument view = arguments[index];
            return view.Buffer is null ? SimulatedGrid.View<T>([], 0, 0) : SimulatedGrid.View<T>(MyBuffer.MemoryOf(view.Buffer),
                view.Start * KernelArgument.ByteSize(kernel.Parameters[index].Type), view.Length);
        }

        public T Scalar<T>(int index) where T : unmanaged => arguments[index].As<T>();
    }
}
