using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Devices;

/// <summary>The system's OpenCL loader and the drivers that it finds; nothing beyond OpenCL 1.2 is called.</summary>
internal sealed unsafe partial class OpenClInterop
{
    /// <summary>The environment variable that names the loader, or a driver, where it lies at an unusual place.</summary>
    public const string Variable = "KSLOTTERY_OPENCL_LIBRARY";

    /// <summary>CL_SUCCESS.</summary>
    public const int Success = 0;

    private const int DeviceNotFound = -1;

    private static readonly Lazy<OpenClInterop> Loaded = new(() => new OpenClInterop(Names));

    private readonly List<string> _attempts = [];

    /// <summary>Looks for the loader; drivers are loaded when they are first asked for.</summary>
    /// <param name="names">Names of libraries, best first.</param>
    public OpenClInterop(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            nint library;
            try
            {
                library = NativeLibrary.Load(name);
            }
            catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
            {
                _attempts.Add($"{name}: {WhyNotLoaded(exception)}");
                continue;
            }
            if (Bind(library) is { } missing)
            {
                _attempts.Add($"{name}: has no {missing}, which OpenCL 1.2 has");
                NativeLibrary.Free(library);
                continue;
            }
            _attempts.Add($"{name}: loaded");
            IsLoaded = true;
            return;
        }
    }

    /// <summary>The loader, looked for once.</summary>
    public static OpenClInterop Instance => Loaded.Value;

    /// <summary>Which names were tried, and what came of it.</summary>
    public IReadOnlyList<string> Attempts => _attempts;

    /// <summary>Whether there is a loader with every function.</summary>
    public bool IsLoaded { get; }

    private static string[] Names => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? [path]
        : OperatingSystem.IsWindows() ? ["OpenCL.dll"]
        : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"]
        : ["libOpenCL.so.1", "libOpenCL.so"];

    /// <summary>Lists the platforms, in the loader's order, with their devices.</summary>
    /// <returns>The platforms, or the call that failed with its status.</returns>
    public (IReadOnlyList<OpenClPlatform> Platforms, string? FailedCall, int Status) Examine()
    {
        uint count = 0;
        int status = _getPlatforms(0, null, &count);
        if (status != Success) return ([], "clGetPlatformIDs", status);
        nint[] ids = new nint[count];
        fixed (nint* values = ids)
            if (count > 0 && (status = _getPlatforms(count, values, null)) != Success) return ([], "clGetPlatformIDs", status);
        return ([.. ids.Select(Examine)], null, Success);
    }

    private OpenClPlatform Examine(nint platform)
    {
        const uint Version = 0x0901, Name = 0x0902, AllTypes = 0xFFFF_FFFF;
        string name = Text(_getPlatformInfo, platform, Name), version = Text(_getPlatformInfo, platform, Version);
        uint count = 0;
        int status = _getDevices(platform, AllTypes, 0, null, &count);
        nint[] ids = new nint[status == Success ? count : 0];
        fixed (nint* values = ids)
            if (ids.Length > 0) status = _getDevices(platform, AllTypes, count, values, null);
        return new(name, version, status == Success ? [.. ids.Select(id => Examine(platform, name, version, id))] : [],
            status == DeviceNotFound ? Success : status);
    }

    private OpenClDeviceFacts Examine(nint platform, string platformName, string platformVersion, nint device)
    {
        const uint Type = 0x1000, ComputeUnits = 0x1002, GroupSize = 0x1004, ItemSizes = 0x1005, Allocation = 0x1010, SingleConfig = 0x101B,
            Memory = 0x101F, SharedSize = 0x1023, LittleEndian = 0x1026, Available = 0x1027, Compiler = 0x1028, Name = 0x102B,
            Driver = 0x102D,
            Profile = 0x102E, Version = 0x102F, Extensions = 0x1030, DoubleConfig = 0x1032, Unified = 0x1035, LanguageVersion = 0x103D;
        Span<nuint> sizes = stackalloc nuint[16];
        fixed (nuint* values = sizes) _ = _getDeviceInfo(device, ItemSizes, (nuint)(sizes.Length * sizeof(nuint)), values, null);
        string extensions = $" {DeviceText(Extensions)} ";
        return new()
        {
            Platform = platform,
            Device = device,
            PlatformName = platformName,
            PlatformVersion = platformVersion,
            Name = DeviceText(Name),
            DriverVersion = DeviceText(Driver),
            Version = DeviceText(Version),
            LanguageVersion = DeviceText(LanguageVersion),
            IsFullProfile = DeviceText(Profile) == "FULL_PROFILE",
            Type = (OpenClDeviceType)Number(Type),
            ComputeUnits = (int)Number(ComputeUnits),
            // What does not tell the sizes of its axes has zeros.
            MaximumGroupSize = (int)Math.Min(Number(GroupSize), sizes[0] == 0 ? int.MaxValue : sizes[0]),
            MemoryBytes = (long)Number(Memory),
            MaximumAllocationBytes = (long)Number(Allocation),
            SharedBytes = (int)Math.Min(Number(SharedSize), int.MaxValue),
            Single = (OpenClArithmetic)Number(SingleConfig),
            HasDouble = extensions.Contains(" cl_khr_fp64 ", StringComparison.Ordinal) || Number(DoubleConfig) != 0,
            HasHalf = extensions.Contains(" cl_khr_fp16 ", StringComparison.Ordinal),
            HasUnifiedMemory = Number(Unified) != 0,
            IsLittleEndian = Number(LittleEndian) != 0,
            IsAvailable = Number(Available) != 0,
            HasCompiler = Number(Compiler) != 0,
        };

        string DeviceText(uint what) => Text(_getDeviceInfo, device, what);

        ulong Number(uint what)
        {
            // Numbers have 4 or 8 bytes, little-endian as the host.
            ulong value = 0;
            return _getDeviceInfo(device, what, sizeof(ulong), &value, null) == Success ? value : 0;
        }
    }

    /// <summary>A text about something; empty where it is not told.</summary>
    private static string Text(delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> ask, nint about, uint what)
    {
        nuint length = 0;
        if (ask(about, what, 0, null, &length) != Success || length == 0) return "";
        byte[] bytes = new byte[length];
        fixed (byte* start = bytes)
            return ask(about, what, length, start, null) == Success ? Encoding.UTF8.GetString(bytes).Trim('\0', ' ') : "";
    }

    /// <summary>The system's own words where the file is there and cannot be used.</summary>
    private static string WhyNotLoaded(Exception exception)
    {
        string? line = exception.Message.Split('\n').FirstOrDefault(l => l.Contains(": ", StringComparison.Ordinal)
            && (l.StartsWith('/') || l.Contains(".so", StringComparison.Ordinal))
            && !l.StartsWith("Unable to load", StringComparison.Ordinal));
        return line is null ? "cannot be loaded"
            : line.Contains("No such file", StringComparison.Ordinal) ? "not found" : $"cannot be loaded ({line.Trim()})";
    }
}
