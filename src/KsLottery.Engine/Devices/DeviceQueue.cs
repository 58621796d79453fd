using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>Work for a device, done in the order in which it is given; the host goes on meanwhile. Several queues may overlap.</summary>
/// <remarks>
/// Used by one thread at a time, not always the same one. Starts and lengths are in bytes unless they say otherwise; ranges lie within
/// their buffers, and a
/// copy of 0 bytes does nothing. Errors of queued work may show at a later call, as <see cref="DeviceFailureException"/>; a device that
/// works at once may do
/// everything within the call. What one queue wrote, another sees after the first has finished: nothing else orders them.
/// </remarks>
#pragma warning disable CA1711 // It is a queue, as the drivers name it, and no collection.
public abstract class DeviceQueue : IDisposable
#pragma warning restore CA1711
{
    /// <summary>Starts a kernel: <paramref name="groups"/> groups of <see cref="KernelDefinition.GroupSize"/> lanes each.</summary>
    /// <param name="kernel">The kernel, one of <see cref="KernelCatalog"/>, for which <see cref="KernelDevice.WhyNot"/> is null.</param>
    /// <param name="groups">How many groups, 0 or more; 0 does nothing. Groups may run in any order and at once.</param>
    /// <param name="arguments">One for each of its parameters: <see cref="KernelArgument.Check"/> demands it. They are read before the call
    /// returns.</param>
    /// <exception cref="ArgumentException">The arguments do not fit the kernel.</exception>
    /// <exception cref="DeviceFailureException">The kernel cannot be built or started.</exception>
    public abstract void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments);

    /// <summary>Makes a kernel ready to start, which the first launch does otherwise.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <exception cref="DeviceFailureException">The kernel cannot be built.</exception>
    public abstract void Build(KernelDefinition kernel);

    /// <summary>Copies to the device.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="destinationStart">The first byte there.</param>
    /// <param name="source">Where from; unchanged until the copy is done.</param>
    /// <param name="sourceStart">The first byte there.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public abstract void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes);

    /// <summary>Copies to the host; the bytes are there after <see cref="Finish"/>.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="destinationStart">The first byte there.</param>
    /// <param name="source">Where from.</param>
    /// <param name="sourceStart">The first byte there.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public abstract void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes);

    /// <summary>Copies within the device, between ranges that do not overlap.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="destinationStart">The first byte there.</param>
    /// <param name="source">Where from, perhaps the same buffer.</param>
    /// <param name="sourceStart">The first byte there.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public abstract void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes);

    /// <summary>Sets bytes to zero.</summary>
    /// <param name="destination">Where.</param>
    /// <param name="start">The first byte, a multiple of 4.</param>
    /// <param name="bytes">How many, a multiple of 4.</param>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public abstract void Clear(DeviceBuffer destination, long start, long bytes);

    /// <summary>Hands what was given so far to the device without waiting.</summary>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public abstract void Flush();

    /// <summary>Waits until everything that was given is done.</summary>
    /// <exception cref="DeviceFailureException">Some of it failed.</exception>
    public abstract void Finish();

    /// <summary>Ends the queue; whoever gave it work has finished it, unless the device failed. Buffers outlive their queues.</summary>
    public abstract void Dispose();
}
