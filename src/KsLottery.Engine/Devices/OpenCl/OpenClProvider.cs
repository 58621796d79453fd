using System.Globalization;

namespace KsLottery.Engine.Devices;

/// <summary>Devices with an OpenCL driver: <c>opencl:0</c> and so on, in the order of the loader's platforms.</summary>
/// <param name="library">The loader; looked for when it is first needed.</param>
internal sealed class OpenClProvider(Lazy<OpenClInterop> library) : IDeviceProvider
{
    private const string VendorsVariable = "OCL_ICD_VENDORS";

    private static readonly string UseCpu = $"or use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}";

    /// <summary>The listing of the last probe: devices are found again by their place in it.</summary>
    private IReadOnlyList<OpenClDeviceFacts> _devices = [];

    public OpenClProvider() : this(new Lazy<OpenClInterop>(() => OpenClInterop.Instance))
    {
    }

    public string Prefix => "opencl";

    public IReadOnlyList<DeviceInfo> Probe()
    {
        OpenClInterop loader = library.Value;
        if (!loader.IsLoaded)
            return [Missing("OpenCL devices", $"no OpenCL loader: {string.Join("; ", loader.Attempts)}",
                $"Install it (Debian, Ubuntu: ocl-icd-libopencl1; Fedora, Arch: ocl-icd) with the device's driver, or name a library "
                    + $"with {OpenClInterop.Variable}; {UseCpu}")];
        (IReadOnlyList<OpenClPlatform> platforms, string? call, int status) = loader.Examine();
        if (platforms.Count == 0)
            return [Missing("OpenCL devices", "the OpenCL loader finds no driver"
                + (status == OpenClInterop.Success ? "" : $": {call} returned {OpenClFailures.Describe(status)}")
                + (Environment.GetEnvironmentVariable(VendorsVariable) is { Length: > 0 } vendors ? $"; {VendorsVariable} is {vendors}"
                    : ""),
                "Install the device's driver (its maker's, or Debian's nvidia-opencl-icd, intel-opencl-icd, mesa-opencl-icd), or "
                    + "pocl-opencl-icd for the processor; "
                + UseCpu)];
        _devices = [.. platforms.SelectMany(p => p.Devices)];
        return [.. _devices.Select(Describe), .. platforms.Where(p => p.Devices.Count == 0).Select(Describe)];
    }

    public KernelDevice Open(DeviceInfo device)
    {
        int place = int.Parse(device.Name.AsSpan(Prefix.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        if (place >= _devices.Count) Probe();
        return place < _devices.Count ? new OpenClDevice(library.Value, device.Name, _devices[place])
            : throw new DeviceUnavailableException(device.Name, "it is not there any more", Remedy.ListDevices.ToString());
    }

    /// <summary>Why a device cannot run kernels, and what to do; nulls where it can.</summary>
    internal static (string? Reason, string? NextStep) WhyNot(OpenClDeviceFacts facts)
    {
        string update = "Update its driver, " + UseCpu;
        (int major, int minor) = facts.VersionNumbers;
        return !facts.IsAvailable ? ("the driver says that it is not available now", $"End programs that use it alone, {UseCpu}")
            : (major, minor).CompareTo((1, 2)) < 0
            ? ($"its driver knows {(facts.Version.Length > 0 ? facts.Version : "no version of OpenCL")}, the kernels need OpenCL 1.2",
                update)
            : !facts.HasCompiler ? ("its driver has no compiler", $"Install the driver's compiler, {UseCpu}")
            : !facts.IsFullProfile
            ? ("its driver has only OpenCL's profile for embedded devices, the kernels need the full one", $"Use another device, {UseCpu}")
            : !facts.IsLittleEndian ? ("it stores numbers with their highest byte first", $"Use another device, {UseCpu}")
            : !facts.Single.HasFlag(OpenClArithmetic.InfinityAndNaN | OpenClArithmetic.RoundsToNearest)
                ? ("it does not compute with infinities and NaN, or does not round to nearest", $"Use another device, {UseCpu}")
            : (null, null);
    }

    private DeviceInfo Describe(OpenClDeviceFacts facts, int place)
    {
        (int major, int minor) = facts.VersionNumbers;
        (string? reason, string? nextStep) = WhyNot(facts);
        return new(string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{place}"), DeviceKind.OpenCl,
            string.Create(CultureInfo.InvariantCulture,
            $"{facts.Name}, OpenCL {major}.{minor}, {facts.ComputeUnits} compute unit{(facts.ComputeUnits == 1 ? "" : "s")}, "
            + $"{facts.MemoryBytes / (double)(1L << 30):F1} GiB, {facts.PlatformName} {facts.DriverVersion}"))
        {
            Reason = reason,
            NextStep = nextStep,
            Facts = FactsOf(facts),
            Remarks = RemarksOn(facts),
        };
    }

    private DeviceInfo Describe(OpenClPlatform platform) => Missing($"the platform {platform.Name}",
        platform.Status == OpenClInterop.Success ? $"the platform {platform.Name} has no device"
            : $"the platform {platform.Name} does not list its devices: clGetDeviceIDs returned {OpenClFailures.Describe(platform.Status)}",
        platform.Name.Equals("rusticl", StringComparison.OrdinalIgnoreCase)
            ? "Name Mesa's driver for the device, for instance RUSTICL_ENABLE=radeonsi, iris or llvmpipe"
            : "Where it should have one: check that the kernel's driver is loaded, and that this user may use it (groups render and "
                + "video)");

    private static IReadOnlyList<(string, string)> FactsOf(OpenClDeviceFacts facts)
    {
        return
        [
            ("platform", facts.PlatformName), ("platform version", facts.PlatformVersion), ("version", facts.Version),
            ("language", facts.LanguageVersion), ("driver", facts.DriverVersion), ("type", facts.Type.ToString().ToLowerInvariant()),
            ("compute units", Number(facts.ComputeUnits)), ("lanes of a group", Number(facts.MaximumGroupSize)),
            ("memory bytes", Number(facts.MemoryBytes)), ("largest piece bytes", Number(facts.MaximumAllocationBytes)),
            ("shared memory bytes", Number(facts.SharedBytes)), ("double precision", YesNo(facts.HasDouble)),
                ("half precision", YesNo(facts.HasHalf)),
            ("subnormals", YesNo(facts.Single.HasFlag(OpenClArithmetic.Subnormals))),
            ("exact division", YesNo(facts.Single.HasFlag(OpenClArithmetic.ExactDivision))),
            ("fused multiply-add", YesNo(facts.Single.HasFlag(OpenClArithmetic.Fused))),
            ("host's memory", YesNo(facts.HasUnifiedMemory)),
        ];

        static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

        static string YesNo(bool isSo) => isSo ? "yes" : "no";
    }

    private static List<string> RemarksOn(OpenClDeviceFacts facts)
    {
        List<string> remarks = [];
        if (!facts.Single.HasFlag(OpenClArithmetic.ExactDivision))
            remarks.Add(
                "division and square root are not rounded correctly: models may differ from other devices in the last bits, tests of "
                    + "rows do not");
        if (!facts.Single.HasFlag(OpenClArithmetic.Subnormals))
            remarks.Add("subnormal numbers become zero: models may differ from other devices, and rows that hold such numbers");
        if (!facts.HasDouble) remarks.Add("no double precision: the host measures the distances between rows");
        return remarks;
    }

    private DeviceInfo Missing(string what, string reason, string nextStep) =>
        new(Prefix, DeviceKind.OpenCl, what) { Reason = reason, NextStep = nextStep };
}
