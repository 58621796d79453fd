namespace KsLottery.Engine.Devices;

/// <summary>A way to reach a processor.</summary>
public enum DeviceKind
{
    /// <summary>The processor that this program runs on.</summary>
    Cpu,
    /// <summary>A device with an OpenCL driver.</summary>
    OpenCl,
    /// <summary>A graphics processor with a CUDA driver.</summary>
    Cuda,
    /// <summary>Kernels as plain C#, for debugging.</summary>
    Simulated,
    /// <summary>An accelerator of ILGPU, where the package KsLottery.Engine.Ilgpu is there.</summary>
    Ilgpu,
    /// <summary>A device of another provider, see <see cref="DeviceCatalog.Register"/>.</summary>
    Other,
}

/// <summary>One device, available or not, as it was found.</summary>
/// <param name="Name">The name that <c>--device</c> takes.</param>
/// <param name="Kind">How it is reached.</param>
/// <param name="Description">What it is, in one line.</param>
/// <remarks>A device that is missing is data: it says why, and what to do about it.</remarks>
public sealed record DeviceInfo(string Name, DeviceKind Kind, string Description)
{
    /// <summary>Whether rows can be tested on it now.</summary>
    public bool IsAvailable => Reason is null;

    /// <summary>Why the device is not available, without a final full stop; null where it is.</summary>
    public string? Reason { get; init; }

    /// <summary>What the reader can do, without a final full stop; null where the device is available.</summary>
    public string? NextStep { get; init; }

    /// <summary>Whether it only imitates a device on the processor, to check kernels: slow, never chosen by
    /// <see cref="DeviceCatalog.Auto"/>, and verified by a sample.</summary>
    public bool IsSimulation { get; init; }

    /// <summary>What its driver tells about it, each with a short name; empty where that is nothing.</summary>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>What it does not do as exactly or as fast as it might, one sentence each without a final full stop.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>The processor's facts; null for other kinds of devices.</summary>
    internal ProcessorInfo? Processor { get; init; }
}

/// <summary>Facts about the processor that this program runs on.</summary>
/// <param name="Model">The processor's own name, or its architecture where it does not tell.</param>
/// <param name="Architecture">The instruction set, for instance <c>x64</c>.</param>
/// <param name="LogicalProcessors">How many threads run at once, by the limits that are set for this process.</param>
/// <param name="MemoryBytes">The memory that this process may use, by the limits that are set for it.</param>
/// <param name="Kernels">The row kernels, fastest first, and whether this processor can run them.</param>
/// <param name="ForcedKernel">What <c>KSLOTTERY_KERNEL</c> asks for; null where it is not set.</param>
/// <param name="Kernel">The row kernel that a scan takes when none is named; null where the forced one cannot run.</param>
internal sealed record ProcessorInfo(
    string Model, string Architecture, int LogicalProcessors, long MemoryBytes,
    IReadOnlyList<(string Name, bool IsSupported)> Kernels, string? ForcedKernel, string? Kernel);
