using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>A stream of an NVIDIA device.</summary>
/// <remarks>Meant as the twin of <see cref="OpenClQueue"/>: the same checks before another driver's calls.</remarks>
internal sealed class CudaQueue(CudaDevice device, CudaInterop.Stream stream) : DeviceQueue
{
    private const int WordBytes = sizeof(uint);

    public CudaDevice Device => device;

    public CudaInterop.Stream Stream => stream;

    public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(groups);
        KernelArgument.Check(kernel, arguments);
        if (groups == 0) return;
        Span<ulong> parameters = stackalloc ulong[3 * arguments.Length];
        int count = 0;
        foreach (KernelArgument argument in arguments)
        {
            if (!argument.IsView)
            {
                parameters[count++] = argument.Bits;
                continue;
            }
            parameters[count++] = argument.Buffer is CudaBuffer buffer ? buffer.Memory.Address : 0;
            parameters[count++] = (ulong)argument.Start;
            parameters[count++] = (ulong)argument.Length;
        }
        stream.Launch(device.Compile(kernel), groups, kernel.GroupSize, parameters[..count]);
        foreach (KernelArgument argument in arguments) GC.KeepAlive(argument.Buffer);
    }

    public override void Build(KernelDefinition kernel) => device.Compile(kernel);

    public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes)
    {
        CheckRange(destination, destinationStart, bytes);
        if (bytes > 0) stream.Write(Memory(destination), destinationStart, ((CudaStaging)source).Memory, sourceStart, bytes);
    }

    public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes)
    {
        CheckRange(source, sourceStart, bytes);
        if (bytes > 0) stream.Read(((CudaStaging)destination).Memory, destinationStart, Memory(source), sourceStart, bytes);
    }

    public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes)
    {
        CheckRange(destination, destinationStart, bytes);
        CheckRange(source, sourceStart, bytes);
        if (bytes > 0) stream.Copy(Memory(destination), destinationStart, Memory(source), sourceStart, bytes);
    }

    public override void Clear(DeviceBuffer destination, long start, long bytes)
    {
        CheckRange(destination, start, bytes);
        if (start % WordBytes != 0 || bytes % WordBytes != 0)
            throw new ArgumentException($"{bytes} bytes from byte {start} on are not whole words of {WordBytes} bytes.", nameof(bytes));
        if (bytes > 0) stream.Clear(Memory(destination), start, bytes / WordBytes);
    }

    public override void Flush() => stream.Submit();

    public override void Finish() => stream.Synchronize();

    public override void Dispose()
    {
        device.Forget(this);
        stream.Dispose();
    }

    private static CudaInterop.DeviceMemory Memory(DeviceBuffer buffer) => ((CudaBuffer)buffer).Memory;

    /// <summary>The driver would copy over whatever lies beyond a buffer.</summary>
    private static void CheckRange(DeviceBuffer buffer, long start, long bytes)
    {
        if (start < 0 || bytes < 0 || start > buffer.ByteLength - bytes)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"bytes {start} to {start} + {bytes} lie outside the buffer of {buffer.ByteLength} bytes.");
    }
}
