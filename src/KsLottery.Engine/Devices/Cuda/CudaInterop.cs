using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Devices;

/// <summary>The facts of one device, as the driver tells them.</summary>
/// <param name="Ordinal">Its number.</param>
/// <param name="Name">The product's name.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Capability">Compute capability, major and minor.</param>
/// <param name="Multiprocessors">Its multiprocessors.</param>
/// <param name="MaximumGroupSize">Lanes of a group.</param>
/// <param name="SharedBytes">Shared memory that a kernel can declare for a group.</param>
/// <param name="IsIntegrated">Whether it works in the host's memory.</param>
internal sealed record CudaDeviceFacts(int Ordinal, string Name, long MemoryBytes, (int Major, int Minor) Capability, int Multiprocessors,
    int MaximumGroupSize, int SharedBytes, bool IsIntegrated);

/// <summary>NVIDIA's driver API, if the system has it: the one library that every machine with a working NVIDIA device has.</summary>
/// <remarks>Functions are called by the names that the driver exports: <c>_v2</c> where <c>cuda.h</c> redirects to it.</remarks>
internal sealed unsafe partial class CudaInterop
{
    /// <summary>The environment variable that names the driver's library where it lies at an unusual place.</summary>
    public const string Variable = "KSLOTTERY_CUDA_LIBRARY";

    /// <summary>CUDA_SUCCESS.</summary>
    public const int Success = 0;

    private const int MaximumThreadsPerBlock = 1, MaximumSharedMemoryPerBlock = 8, MultiprocessorCount = 16, Integrated = 18,
        ComputeCapabilityMajor = 75, ComputeCapabilityMinor = 76;

    private static readonly Lazy<CudaInterop> Loaded = new(() => new CudaInterop(Names));

    private readonly List<string> _attempts = [];

    /// <summary>Looks for the driver and starts it.</summary>
    /// <param name="names">Names of libraries, best first.</param>
    public CudaInterop(IEnumerable<string> names)
    {
        IsLoaded = Interop.LibrarySearch.Find(names, Bind, _attempts) != 0;
        if (IsLoaded) (FailedCall, Status) = Start();
    }

    /// <summary>The driver, looked for once.</summary>
    public static CudaInterop Instance => Loaded.Value;

    /// <summary>Which names were tried, and what came of it.</summary>
    public IReadOnlyList<string> Attempts => _attempts;

    /// <summary>Whether there is a driver's library with every function.</summary>
    public bool IsLoaded { get; }

    /// <summary>Whether devices can be used.</summary>
    public bool IsAvailable => IsLoaded && Status == Success;

    /// <summary>The call of the start that failed; null where none did.</summary>
    public string? FailedCall { get; }

    /// <summary>What that call returned.</summary>
    public int Status { get; }

    /// <summary>The newest CUDA that the driver can do, as major and minor.</summary>
    public (int Major, int Minor) Version { get; private set; }

    /// <summary>How many devices there are.</summary>
    public int DeviceCount { get; private set; }

    private static string[] Names => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? [path]
        : OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    /// <summary>A status by name and number, as in <c>CUDA_ERROR_OUT_OF_MEMORY (2)</c>.</summary>
    public string Describe(int status)
    {
        byte* name = null;
        bool isKnown = _getErrorName(status, &name) == Success && name is not null;
        return $"{(isKnown ? Marshal.PtrToStringUTF8((nint)name) : "an unknown status")} ({status})";
    }

    /// <summary>The driver's own sentence about a status, empty where it has none.</summary>
    public string Explain(int status)
    {
        byte* text = null;
        return _getErrorString(status, &text) == Success && text is not null ? Marshal.PtrToStringUTF8((nint)text)! : "";
    }

    /// <summary>Asks for a device's facts.</summary>
    /// <returns>The facts, or the call that failed with its status.</returns>
    public (CudaDeviceFacts? Facts, string? FailedCall, int Status) Examine(int ordinal)
    {
        const int NameBytes = 256;
        int device, status = _deviceGet(&device, ordinal);
        if (status != Success) return (null, "cuDeviceGet", status);
        byte* name = stackalloc byte[NameBytes];
        if ((status = _deviceGetName(name, NameBytes, device)) != Success) return (null, "cuDeviceGetName", status);
        nuint memory;
        if ((status = _deviceTotalMemory(&memory, device)) != Success) return (null, "cuDeviceTotalMem_v2", status);
        ReadOnlySpan<int> attributes = [ComputeCapabilityMajor, ComputeCapabilityMinor, MultiprocessorCount, MaximumThreadsPerBlock,
            MaximumSharedMemoryPerBlock, Integrated];
        Span<int> values = stackalloc int[attributes.Length];
        for (int i = 0; i < attributes.Length; i++)
        {
            int value;
            if ((status = _deviceGetAttribute(&value, attributes[i], device)) != Success) return (null, "cuDeviceGetAttribute", status);
            values[i] = value;
        }
        ReadOnlySpan<byte> bytes = new(name, NameBytes);
        return (new(ordinal, Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)0)]), (long)memory, (values[0], values[1]), values[2],
            values[3], values[4],
            values[5] != 0), null, Success);
    }

    private (string? FailedCall, int Status) Start()
    {
        int version, count, status = _init(0);
        if (status != Success) return ("cuInit", status);
        if ((status = _driverGetVersion(&version)) != Success) return ("cuDriverGetVersion", status);
        if ((status = _deviceGetCount(&count)) != Success) return ("cuDeviceGetCount", status);
        (Version, DeviceCount) = ((version / 1000, version % 1000 / 10), count);
        return (null, Success);
    }
}
