extern alias catalog;

using ILGPU.Runtime;
using KsLottery.Engine.Devices;
using KernelDefinition = catalog::KsLottery.Kernels.KernelDefinition;
using KernelParameter = catalog::KsLottery.Kernels.KernelParameter;
using KernelType = catalog::KsLottery.Kernels.KernelType;

namespace KsLottery.Engine.Ilgpu;

/// <summary>A stream of an accelerator.</summary>
/// <param name="device">The accelerator.</param>
/// <param name="stream">The stream.</param>
/// <param name="isOwned">Whether it goes with the queue.</param>
internal sealed class IlgpuQueue(IlgpuDevice device, AcceleratorStream stream, bool isOwned = true) : DeviceQueue
{
    /// <summary>The stream.</summary>
    public AcceleratorStream Stream => stream;

    public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        KernelArgument.Check(kernel, arguments);
        Kernel loaded = device.Load(kernel);
        if (groups == 0) return;
        object[] values = new object[arguments.Length];
        for (int i = 0; i < values.Length; i++) values[i] = Value(kernel.Parameters[i], arguments[i]);
        IlgpuCall.Run(device.Name, $"Launch of {kernel.Name}",
            () => loaded.Launch(stream, new KernelConfig(groups, kernel.GroupSize), values));
    }

    public override void Build(KernelDefinition kernel) => device.Load(kernel);

    public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
        Copy(((IlgpuStaging)source).Range(sourceStart, bytes), ((IlgpuBuffer)destination).Range(destinationStart, bytes));

    public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
        Copy(((IlgpuBuffer)source).Range(sourceStart, bytes), ((IlgpuStaging)destination).Range(destinationStart, bytes));

    public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes) =>
        Copy(((IlgpuBuffer)source).Range(sourceStart, bytes), ((IlgpuBuffer)destination).Range(destinationStart, bytes));

    public override void Clear(DeviceBuffer destination, long start, long bytes) =>
        IlgpuCall.Run(device.Name, $"MemSetToZero of {bytes} bytes",
            () => ((IlgpuBuffer)destination).Range(start, bytes).MemSetToZero(stream));

    /// <summary>ILGPU hands work over as it is given.</summary>
    public override void Flush()
    {
    }

    public override void Finish() => IlgpuCall.Run(device.Name, "Synchronize", stream.Synchronize);

    public override void Dispose()
    {
        device.Forget(this);
        if (isOwned) stream.Dispose();
    }

    private void Copy(ArrayView<byte> source, ArrayView<byte> destination)
    {
        if (source.Length > 0) IlgpuCall.Run(device.Name, $"CopyTo of {source.Length} bytes", () => source.CopyTo(stream, destination));
    }

    private object Value(KernelParameter parameter, KernelArgument argument) => (parameter.Type, parameter.IsView) switch
    {
        (KernelType.U8, true) => View<byte>(argument),
        (KernelType.U16, true) => View<ushort>(argument),
        (KernelType.I32, true) => View<int>(argument),
        (KernelType.U32, true) => View<uint>(argument),
        (KernelType.I64, true) => View<long>(argument),
        (KernelType.U64, true) => View<ulong>(argument),
        (KernelType.F32, true) => View<float>(argument),
        (KernelType.F64, true) => View<double>(argument),
        (KernelType.I32, false) => argument.As<int>(),
        (KernelType.U32, false) => argument.As<uint>(),
        (KernelType.I64, false) => argument.As<long>(),
        (KernelType.U64, false) => argument.As<ulong>(),
        (KernelType.F32, false) => argument.As<float>(),
        (KernelType.F64, false) => argument.As<double>(),
        _ => throw new ArgumentException($"parameter {parameter.Name}: no kernel takes a number of {parameter.Type}.", nameof(parameter)),
    };

    private ArrayView<T> View<T>(KernelArgument view) where T : unmanaged => device.View<T>(view.Buffer, view.Start, view.Length);
}
