using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>Work for a device, done in the order in which it is given; the host goes on meanwhile. Several queues may overlap.</summary>
/// <remarks>Used by one thread at a time. Errors of queued work may show at a later call.</remarks>
internal abstract class DeviceQueue : IDisposable
{
    /// <summary>Starts a kernel.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="groups">How many groups; 0 does nothing.</param>
    /// <param name="arguments">One for each of its parameters.</param>
    /// <exception cref="ArgumentException">The arguments do not fit the kernel.</exception>
    /// <exception cref="DeviceFailureException">The kernel cannot be built or started.</exception>
    public abstract void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments);

    /// <summary>Makes a kernel ready to start, which the first launch does otherwise.</summary>
    /// <exception cref="DeviceFailureException">The kernel cannot be built.</exception>
    public abstract void Build(KernelDefinition kernel);

    /// <summary>Copies to the device.</summary>
    public abstract void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes);

    /// <summary>Copies to the host.</summary>
    public abstract void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes);

    /// <summary>Copies within the device, between ranges that do not overlap.</summary>
    public abstract void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes);

    /// <summary>Sets bytes to zero; starts and lengths are multiples of 4.</summary>
    public abstract void Clear(DeviceBuffer destination, long start, long bytes);

    /// <summary>Hands what was given so far to the device without waiting.</summary>
    public abstract void Flush();

    /// <summary>Waits until everything that was given is done.</summary>
    /// <exception cref="DeviceFailureException">Some of it failed.</exception>
    public abstract void Finish();

    public abstract void Dispose();
}
