using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Kernels;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>Knows which devices there are, and why the others are not.</summary>
public static class DeviceCatalog
{
    /// <summary>The name by which <see cref="Resolve"/> takes the processor.</summary>
    public const string Auto = "auto";

    /// <summary>The processor's name, which is always there.</summary>
    public const string Cpu = "cpu";

    private static readonly Lock Registering = new();

    private static volatile IDeviceProvider[] _providers = [new OpenClProvider(), new CudaProvider(), new SimulatedProvider()];

    /// <summary>Adds a way to reach devices, in place of one with the same prefix: for the process, from the next look-up on, by any
    /// thread.</summary>
    /// <param name="provider">The provider. Its prefix is a word without a colon, neither <c>auto</c> nor <c>cpu</c>; case does not
    /// matter.</param>
    /// <exception cref="ArgumentException">The prefix is none.</exception>
    public static void Register(IDeviceProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        string prefix = provider.Prefix;
        if (string.IsNullOrWhiteSpace(prefix) || prefix.Contains(':', StringComparison.Ordinal) || IsCpu(prefix))
            throw new ArgumentException(
                $"the prefix '{prefix}' of a provider is empty, has a colon, or is {Auto} or {Cpu}; give it a name of its own.",
                    nameof(provider));
        lock (Registering)
            _providers = [.. _providers.Where(p => !p.Prefix.Equals(prefix, StringComparison.OrdinalIgnoreCase)), provider];
    }

    /// <summary>Lists every device that this version knows of, available or not; loads every driver.</summary>
    public static IReadOnlyList<DeviceInfo> Probe() =>
        [ProbeCpu(), .. _providers.SelectMany(p => p.Probe())];

    /// <summary>Finds the device that a user asked for.</summary>
    /// <param name="name"><see cref="Auto"/>, or a device's name in any case.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; says why.</exception>
    public static DeviceInfo Resolve(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        // Drivers take their time to load: only the one that is asked for is.
        DeviceInfo? device = IsCpu(name) ? ProbeCpu()
            : ProviderOf(name)?.Probe().FirstOrDefault(d => d.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        // A driver that is not there has one entry, under its own name, that says why.
        if (device is null && ProviderOf(name)?.Probe() is [{ IsAvailable: false } absent])
            throw new DeviceUnavailableException(VisibleName(name), absent.Reason!, absent.NextStep!);
        if (device is null)
            throw new DeviceUnavailableException(VisibleName(name), "there is no device of this name",
                $"Known are {Auto}, {string.Join(", ", Probe().Select(d => d.Name).Distinct())}");
        return device.IsAvailable ? device : throw new DeviceUnavailableException(device.Name, device.Reason!, device.NextStep!);
    }

    /// <summary>Finds the device for some work.</summary>
    /// <param name="name"><see cref="Auto"/>, or a device's name in any case.</param>
    /// <param name="work">What it is wanted for.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; says why.</exception>
    public static DeviceChoice Choose(string name, DeviceWork work)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!name.Equals(Auto, StringComparison.OrdinalIgnoreCase)) return new(Resolve(name), "it was asked for");
        DeviceMeasurement[] measured = [.. DeviceMeasurements.Read().Where(m => m.Work == work).OrderByDescending(m => m.PerSecond)];
        (string what, string unit) = work == DeviceWork.Rows ? ("testing rows", "rows") : ("running models", "tokens");
        if (Array.Find(measured, m => m.Device == Cpu) is not { } processor)
            return new(Resolve(Cpu), $"no device was measured at {what}; {Remedy.MeasureDevices}");
        string passedOver = "";
        foreach (DeviceMeasurement candidate in measured)
        {
            if (candidate == processor) break;
            DeviceInfo? device = ProviderOf(candidate.Device)?.Probe().FirstOrDefault(d => d.Name == candidate.Device);
            if (device is { IsAvailable: true, IsSimulation: false } && device.Description == candidate.Description)
                return new(device, string.Create(CultureInfo.InvariantCulture,
                    $"it was measured fastest at {what}, {candidate.PerSecond:N0} {unit}/s, the processor "
                        + $"{processor.PerSecond:N0}{passedOver}"));
            passedOver += $"; {VisibleName(candidate.Device)} was measured faster and "
                + $"{(device is null ? "is not there" : !device.IsAvailable ? "cannot be used"
                        : device.IsSimulation ? "only imitates a device" : "is another device now")}";
        }
        return new(Resolve(Cpu), measured.Length == 1 ? $"no other device was measured at {what}"
            : string.Create(CultureInfo.InvariantCulture,
                $"it was measured fastest at {what}, {processor.PerSecond:N0} {unit}/s{passedOver}"));
    }

    /// <summary>Writes the C source of every kernel as CUDA takes it, each to a file <c>NAME.cu</c>.</summary>
    /// <param name="folder">A folder that exists.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static int WriteKernels(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        foreach (KernelDefinition kernel in KernelCatalog.All)
            AtomicFile.WriteText(Path.Combine(folder, $"{kernel.Name}.cu"), PtxSources.SourceOf(kernel));
        return KernelCatalog.All.Count;
    }

    /// <summary>Opens a device that runs kernels; <c>ComputeDevice.Open</c> opens any, for rows and models.</summary>
    /// <param name="name">The device's name, in any case; not that of the processor.</param>
    /// <returns>The device, which the caller disposes.</returns>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; says why.</exception>
    /// <exception cref="DeviceFailureException">It failed while it was opened.</exception>
    public static KernelDevice Open(string name)
    {
        DeviceInfo device = Resolve(name);
        return ProviderOf(device.Name)?.Open(device)
            ?? throw new DeviceUnavailableException(device.Name, "it runs no kernels: it is the processor itself", "Use another device");
    }

    private static bool IsCpu(string name) =>
        name.Equals(Auto, StringComparison.OrdinalIgnoreCase) || name.Equals(Cpu, StringComparison.OrdinalIgnoreCase);

    private static IDeviceProvider? ProviderOf(string name) => Array.Find(_providers, p =>
        name.Equals(p.Prefix, StringComparison.OrdinalIgnoreCase) || name.StartsWith($"{p.Prefix}:", StringComparison.OrdinalIgnoreCase));

    private static DeviceInfo ProbeCpu()
    {
        string? forced = Environment.GetEnvironmentVariable(KsRowKernels.Variable);
        if (forced is "") forced = null;
        (string Name, bool IsSupported)[] kernels = [.. KsRowKernels.Known];
        string? kernel = kernels.FirstOrDefault(k => k.IsSupported && (forced is null || k.Name == forced)).Name;
        ProcessorInfo processor = new(Model(), Architecture(), Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            kernels, forced, kernel);

        string description = string.Create(CultureInfo.InvariantCulture,
            $"{processor.Model}, {processor.LogicalProcessors} logical processor{(processor.LogicalProcessors == 1 ? "" : "s")}, "
            + $"{processor.MemoryBytes / (double)(1L << 30):F1} GiB");
        DeviceInfo device = new(Cpu, DeviceKind.Cpu, description) { Processor = processor };
        return kernel is not null ? device : device with
        {
            Reason = $"{KsRowKernels.Variable}={VisibleName(forced!)} names no row kernel that this processor can run",
            NextStep = $"Unset it, or set it to {string.Join(", ", kernels.Where(k => k.IsSupported).Select(k => k.Name))}",
        };
    }

    /// <summary>What Linux names it, which in a container may be another than what the processor says; elsewhere what the processor
    /// says.</summary>
    private static string Model() => NamedByLinux() ?? NamedByItself() ?? Architecture();

    private static string? NamedByLinux()
    {
        const string Facts = "/proc/cpuinfo", Name = "model name";
        try
        {
            string? line = File.Exists(Facts) ? File.ReadLines(Facts).FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal))
                : null;
            return line is null ? null : Trimmed(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? NamedByItself()
    {
        const uint FirstLeaf = 0x8000_0002, LastLeaf = 0x8000_0004;
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x8000_0000), 0).Eax < LastLeaf) return null;
        Span<int> brand = stackalloc int[12];
        for (int i = 0; i < 3; i++)
            (brand[4 * i], brand[4 * i + 1], brand[4 * i + 2], brand[4 * i + 3]) = X86Base.CpuId((int)(FirstLeaf + (uint)i), 0);
        return Trimmed(Encoding.ASCII.GetString(MemoryMarshal.AsBytes(brand)));
    }

    private static string? Trimmed(string name) =>
        string.Join(' ', name.Split(['\0', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } words ? words : null;

    private static string Architecture() => RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    private static string VisibleName(string name) => KsLottery.Engine.Text.Tokens.VisibleText.Escape(name);
}
