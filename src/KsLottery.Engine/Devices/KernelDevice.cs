namespace KsLottery.Engine.Devices;

/// <summary>A device that runs kernels: buffers, queues and staging memory, the same for every way to reach one.</summary>
internal abstract class KernelDevice : IDisposable
{
    /// <summary>The name that <c>--device</c> takes, for instance <c>opencl:0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it can hold and do.</summary>
    public abstract DeviceLimits Limits { get; }

    /// <summary>Takes a piece of the device's memory.</summary>
    /// <exception cref="DeviceFailureException">The device has not that much left, or holds no piece so large.</exception>
    public abstract DeviceBuffer Allocate(long bytes);

    /// <summary>Takes host memory that the device copies from and to at full speed.</summary>
    /// <exception cref="DeviceFailureException">There is no such memory left.</exception>
    public abstract StagingBuffer AllocateStaging(int bytes);

    /// <summary>Makes a queue.</summary>
    public abstract DeviceQueue CreateQueue();

    /// <summary>Why a kernel cannot run here by the device's limits, without a final full stop; null where it can.</summary>
    public string? WhyNot(KsLottery.Kernels.KernelDefinition kernel) =>
        kernel.GroupSize > Limits.MaximumGroupSize ? $"it needs groups of {kernel.GroupSize} lanes, the device has at most {Limits.MaximumGroupSize}"
        : kernel.SharedBytes > Limits.SharedBytes ? $"it needs {kernel.SharedBytes} bytes of shared memory, a group has {Limits.SharedBytes}"
        : kernel.UsesDouble && !Limits.HasDouble ? "it computes in double precision, which the device does not"
        : null;

    /// <summary>The same by what the kernel needs once it is compiled as well, which is done for it.</summary>
    /// <exception cref="DeviceFailureException">The driver cannot compile it.</exception>
    public virtual string? WhyNotCompiled(KsLottery.Kernels.KernelDefinition kernel) => WhyNot(kernel);

    /// <summary>A native library's matrix products on this device; null where the machine has none, or it is switched off.</summary>
    public virtual IDeviceProducts? Products => null;

    public abstract void Dispose();
}
