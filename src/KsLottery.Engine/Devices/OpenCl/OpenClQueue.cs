using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>An in-order queue of an OpenCL device, with kernels of its own: a kernel holds its arguments.</summary>
internal sealed class OpenClQueue(OpenClDevice device, OpenClInterop.Queue queue) : DeviceQueue
{
    private const int WordBytes = sizeof(uint), ParametersOfView = 3;

    private readonly Dictionary<string, OpenClInterop.Kernel> _kernels = new(StringComparer.Ordinal);

    public OpenClDevice Device => device;

    public OpenClInterop.Queue Handle => queue;

    public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(groups);
        KernelArgument.Check(kernel, arguments);
        if (groups == 0) return;
        OpenClInterop.Kernel made = Take(kernel);
        int index = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            KernelArgument argument = arguments[i];
            if (!argument.IsView)
            {
                made.Set(index++, argument.Bits, KernelArgument.ByteSize(argument.Type));
                continue;
            }
            made.Set(index, (argument.Buffer as OpenClBuffer)?.Memory);
            made.Set(index + 1, (ulong)argument.Start, sizeof(long));
            made.Set(index + 2, (ulong)argument.Length, sizeof(long));
            index += ParametersOfView;
        }
        queue.Launch(made, kernel.Name, groups, kernel.GroupSize);
    }

    public override void Build(KernelDefinition kernel) => Take(kernel);

    public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes)
    {
        CheckRange(destination, destinationStart, bytes);
        if (bytes > 0) queue.Write(Memory(destination), destinationStart, ((OpenClStaging)source).Memory, sourceStart, bytes);
    }

    public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes)
    {
        CheckRange(source, sourceStart, bytes);
        if (bytes > 0) queue.Read(((OpenClStaging)destination).Memory, destinationStart, Memory(source), sourceStart, bytes);
    }

    public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes)
    {
        CheckRange(destination, destinationStart, bytes);
        CheckRange(source, sourceStart, bytes);
        if (bytes > 0) queue.Copy(Memory(destination), destinationStart, Memory(source), sourceStart, bytes);
    }

    public override void Clear(DeviceBuffer destination, long start, long bytes)
    {
        CheckRange(destination, start, bytes);
        if (start % WordBytes != 0 || bytes % WordBytes != 0)
            throw new ArgumentException($"{bytes} bytes from byte {start} on are not whole words of {WordBytes} bytes.", nameof(bytes));
        if (bytes > 0) queue.Clear(Memory(destination), start, bytes);
    }

    public override void Flush() => queue.Flush();

    public override void Finish() => queue.Finish();

    public override void Dispose()
    {
        foreach (OpenClInterop.Kernel kernel in _kernels.Values) kernel.Dispose();
        _kernels.Clear();
        queue.Dispose();
    }

    private OpenClInterop.Kernel Take(KernelDefinition kernel) =>
        _kernels.TryGetValue(kernel.Name, out OpenClInterop.Kernel? present) ? present
        : _kernels[kernel.Name] = device.CreateKernel(kernel);

    private static OpenClInterop.Memory Memory(DeviceBuffer buffer) => ((OpenClBuffer)buffer).Memory;

    private static void CheckRange(DeviceBuffer buffer, long start, long bytes)
    {
        if (start < 0 || bytes < 0 || start > buffer.ByteLength - bytes)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"bytes {start} to {start} + {bytes} lie outside the buffer of {buffer.ByteLength} bytes.");
    }
}
