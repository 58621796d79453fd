using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>A device that runs kernels: buffers, queues and staging memory, the same for every way to reach one.</summary>
/// <remarks>
/// Used by one thread at a time; its queues may each have a thread of their own. Buffers, staging memory and queues are disposed before the
/// device.
/// <para>
/// Rows have the same results on every device, bit for bit. A device keeps that promise where whole numbers wrap around, F32 and F64 are
/// IEEE 754's, rounded to
/// nearest even with subnormals kept, +, −, ·, / and square root are rounded correctly, no product and sum are contracted to one operation
/// (<c>Fused.MultiplyAdd</c>
/// alone rounds once), NaNs and infinities are honoured, and a barrier makes all memory that lanes wrote before it visible to the group.
/// <c>Verification.DeviceVerification</c> checks it.
/// </para>
/// </remarks>
public abstract class KernelDevice : IDisposable
{
    /// <summary>The device's name, that of its <see cref="DeviceInfo"/>, for instance <c>opencl:0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it can hold and do; the same for as long as it is open.</summary>
    public abstract DeviceLimits Limits { get; }

    /// <summary>Takes a range of the device's memory.</summary>
    /// <param name="bytes">Its size, 0 or more.</param>
    /// <returns>The memory, of undefined content, aligned for every element type; the caller disposes it.</returns>
    /// <exception cref="DeviceFailureException">The device has not that much left, or holds no range so large.</exception>
    public abstract DeviceBuffer Allocate(long bytes);

    /// <summary>Takes host memory that the device copies from and to at full speed.</summary>
    /// <param name="bytes">Its size, 0 or more.</param>
    /// <returns>The memory, aligned for every element type; the caller disposes it.</returns>
    /// <exception cref="DeviceFailureException">There is no such memory left.</exception>
    public abstract StagingBuffer AllocateStaging(int bytes);

    /// <summary>Makes a queue; the caller disposes it.</summary>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public abstract DeviceQueue CreateQueue();

    /// <summary>Why a kernel cannot run here by the device's limits, without a final full stop; null where it can.</summary>
    /// <param name="kernel">The kernel.</param>
    public string? WhyNot(KernelDefinition kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return kernel.GroupSize > Limits.MaximumGroupSize
            ? $"it needs groups of {kernel.GroupSize} lanes, the device has at most {Limits.MaximumGroupSize}"
            : kernel.SharedBytes > Limits.SharedBytes
            ? $"it needs {kernel.SharedBytes} bytes of shared memory, a group has {Limits.SharedBytes}"
            : kernel.UsesDouble && !Limits.HasDouble ? "it computes in double precision, which the device does not"
            : null;
    }

    /// <summary>The same by what the kernel needs once it is compiled as well, which is done for it.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <returns>The reason, without a final full stop; null where the kernel can run. Another kernel or tile is tried then.</returns>
    /// <exception cref="DeviceFailureException">The driver cannot compile it.</exception>
    public virtual string? WhyNotCompiled(KernelDefinition kernel) => WhyNot(kernel);

    /// <summary>A native library's matrix products on this device, which goes with it; null where the machine has none, or it is switched
    /// off.</summary>
    public virtual IDeviceGemm? Gemm => null;

    /// <summary>Closes the device and releases all that it took. A second call does nothing.</summary>
    public abstract void Dispose();
}
