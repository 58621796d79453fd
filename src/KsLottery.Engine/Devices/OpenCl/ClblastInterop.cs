using System.Runtime.InteropServices;

namespace KsLottery.Engine.Devices;

/// <summary>CLBlast, if the system has it: matrix products on any OpenCL device.</summary>
internal sealed unsafe class ClblastInterop
{
    /// <summary>The environment variable that names the library where it lies at an unusual place.</summary>
    public const string Variable = "KSLOTTERY_CLBLAST_LIBRARY";

    private const int RowMajor = 101, Plain = 111, Transposed = 112;

    private static readonly Lazy<ClblastInterop> Loaded = new(() => new ClblastInterop(Names));

    private readonly List<string> _attempts = [];
    private readonly delegate* unmanaged<int, int, int, nuint, nuint, nuint, float, nint, nuint, nuint, nint, nuint, nuint, float, nint,
        nuint, nuint,
        nint*, nint*, int> _multiply;

    /// <summary>Looks for the library.</summary>
    /// <param name="names">Names, best first.</param>
    public ClblastInterop(IEnumerable<string> names)
    {
        const string Multiply = "CLBlastSgemm";
        nint library = Interop.LibrarySearch.Find(names, l => NativeLibrary.TryGetExport(l, Multiply, out _) ? null : Multiply, _attempts);
        if (library == 0) return;
        _multiply = (delegate* unmanaged<int, int, int, nuint, nuint, nuint, float, nint, nuint, nuint, nint, nuint, nuint,
            float, nint, nuint, nuint, nint*, nint*, int>)NativeLibrary.GetExport(library, Multiply);
    }

    /// <summary>The library, looked for once.</summary>
    public static ClblastInterop Instance => Loaded.Value;

    /// <summary>Whether products can be computed.</summary>
    public bool IsAvailable => _multiply is not null;

    /// <summary>Which names were tried, and what came of it.</summary>
    public IReadOnlyList<string> Attempts => _attempts;

    private static string[] Names => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? [path]
        : OperatingSystem.IsWindows() ? ["clblast.dll"]
        : OperatingSystem.IsMacOS() ? ["libclblast.1.dylib", "/opt/homebrew/lib/libclblast.1.dylib"]
        : ["libclblast.so.1", "libclblast.so"];

    /// <summary>C = op(A)·op(B) + β·C, row-major without gaps, all F32.</summary>
    /// <param name="queue">Where it is put.</param>
    /// <param name="transposeA">Whether op(A) = Aᵀ.</param>
    /// <param name="transposeB">Whether op(B) = Bᵀ.</param>
    /// <param name="m">Rows of C, at least 1.</param>
    /// <param name="n">Columns of C, at least 1.</param>
    /// <param name="k">Products of an element, at least 1.</param>
    /// <param name="a">A's memory and first element.</param>
    /// <param name="b">B's memory and first element.</param>
    /// <param name="beta">β, 0 or 1.</param>
    /// <param name="c">C's memory and first element.</param>
    /// <exception cref="DeviceFailureException">The library failed.</exception>
    public void Multiply(OpenClInterop.Queue queue, bool transposeA, bool transposeB, int m, int n, int k,
        (OpenClInterop.Memory Memory, long Start) a, (OpenClInterop.Memory Memory, long Start) b, float beta,
            (OpenClInterop.Memory Memory, long Start) c)
    {
        const string Call = "CLBlastSgemm";
        nint target = queue.Value, done = 0;
        int status = _multiply(RowMajor, transposeA ? Transposed : Plain, transposeB ? Transposed : Plain, (nuint)m, (nuint)n, (nuint)k, 1,
            a.Memory.Value, (nuint)a.Start, (nuint)(transposeA ? m : k), b.Memory.Value, (nuint)b.Start, (nuint)(transposeB ? k : n), beta,
            c.Memory.Value, (nuint)c.Start, (nuint)n, &target, &done);
        GC.KeepAlive(a.Memory);
        GC.KeepAlive(b.Memory);
        GC.KeepAlive(c.Memory);
        if (status != OpenClInterop.Success)
            throw new DeviceFailureException(queue.DeviceName, Call, OpenClFailures.Describe(status),
                "the library could not multiply on this device",
                "Use our own products instead, with KSLOTTERY_GEMM=own");
        queue.Adopt(Call, done);
    }
}
