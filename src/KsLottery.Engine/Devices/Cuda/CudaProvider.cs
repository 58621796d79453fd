using System.Globalization;

namespace KsLottery.Engine.Devices;

/// <summary>NVIDIA's devices through the driver API: <c>cuda:0</c> and so on.</summary>
/// <param name="cuda">The driver; looked for when it is first needed.</param>
internal sealed class CudaProvider(Lazy<CudaInterop> cuda) : IDeviceProvider
{
    /// <summary>The least compute capability, that of Volta: the PTX texts are made for it, and newer devices take them.</summary>
    public static readonly (int Major, int Minor) MinCapability = (7, 0);


    public CudaProvider() : this(new Lazy<CudaInterop>(() => CudaInterop.Instance))
    {
    }

    public string Prefix => "cuda";

    public IReadOnlyList<DeviceInfo> Probe()
    {
        CudaInterop driver = cuda.Value;
        if (!driver.IsLoaded)
            return [Missing($"no CUDA driver: {string.Join("; ", driver.Attempts)}",
                $"Install NVIDIA's driver, or name its library with {CudaInterop.Variable}; or use "
                    + $"{Remedy.UseDevice.For(DeviceCatalog.Cpu)}")];
        if (!driver.IsAvailable)
        {
            (string cause, string nextStep) = CudaFailures.Explain(driver, driver.Status);
            return [Missing($"{driver.FailedCall} returned {driver.Describe(driver.Status)}: {cause}", nextStep)];
        }
        return driver.DeviceCount > 0 ? [.. Enumerable.Range(0, driver.DeviceCount).Select(i => Describe(driver, i))]
            : [Missing("the driver finds no device", CudaFailures.Explain(driver, status: 100).NextStep)];
    }

    public KernelDevice Open(DeviceInfo device)
    {
        int ordinal = int.Parse(device.Name.AsSpan(Prefix.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return new CudaDevice(cuda.Value, device.Name, ordinal);
    }

    private DeviceInfo Describe(CudaInterop driver, int ordinal)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{ordinal}");
        (CudaDeviceFacts? facts, string? call, int status) = driver.Examine(ordinal);
        if (facts is null)
        {
            (string cause, string nextStep) = CudaFailures.Explain(driver, status);
            return new(name, DeviceKind.Cuda, "an NVIDIA device")
            {
                Reason = $"{call} returned {driver.Describe(status)}: {cause}",
                NextStep = nextStep
            };
        }
        DeviceInfo device = new(name, DeviceKind.Cuda, string.Create(CultureInfo.InvariantCulture,
            $"{facts.Name}, compute capability {facts.Capability.Major}.{facts.Capability.Minor}, {facts.Multiprocessors} multiprocessors, "
            + $"{facts.MemoryBytes / (double)(1L << 30):F1} GiB, driver for CUDA {driver.Version.Major}.{driver.Version.Minor}"));
        return facts.Capability.CompareTo(MinCapability) >= 0 ? device : device with
        {
            Reason = string.Create(CultureInfo.InvariantCulture,
                $"{facts.Name} has compute capability {facts.Capability.Major}.{facts.Capability.Minor}, "
                + $"the kernels need {MinCapability.Major}.{MinCapability.Minor} (Volta) or newer"),
            NextStep = $"For this device, use {Remedy.UseDevice.For("opencl:0")} or cpu",
        };
    }

    private DeviceInfo Missing(string reason, string nextStep) =>
        new(Prefix, DeviceKind.Cuda, "CUDA devices") { Reason = reason, NextStep = nextStep };
}
