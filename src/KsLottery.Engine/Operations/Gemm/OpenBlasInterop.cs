using System.Runtime.InteropServices;

namespace KsLottery.Engine.Operations;

/// <summary>OpenBLAS, if the system has it with 32-bit sizes; its own threads are switched off.</summary>
internal sealed unsafe class OpenBlasInterop
{
    private const int RowMajor = 101, Plain = 111, Transposed = 112;

    private static readonly Lazy<OpenBlasInterop> Loaded = new(() => new OpenBlasInterop());

    private readonly List<string> _attempts = [];
    private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _multiply;

    private readonly delegate* unmanaged<int, void> _setThreads;

    private OpenBlasInterop()
    {
        const string Multiply = "cblas_sgemm", SetThreadCount = "openblas_set_num_threads";
        nint library = Interop.LibrarySearch.Find(Names, l => NativeLibrary.TryGetExport(l, Multiply, out _)
            && NativeLibrary.TryGetExport(l, SetThreadCount, out _) ? null : $"{Multiply} and {SetThreadCount}", _attempts);
        if (library == 0) return;
        _setThreads = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, SetThreadCount);
        SetThreads(1);
        _multiply = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
            NativeLibrary.GetExport(library, Multiply);
        Configuration = NativeLibrary.TryGetExport(library, "openblas_get_config", out nint configuration)
            ? Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)configuration)()) : null;
    }

    /// <summary>The library, looked for once.</summary>
    public static OpenBlasInterop Instance => Loaded.Value;

    /// <summary>Whether products can be computed.</summary>
    public bool IsAvailable => _multiply is not null;

    /// <summary>Which names were tried, and what came of it.</summary>
    public IReadOnlyList<string> Attempts => _attempts;

    /// <summary>Its version, build options and the processor that it takes this one for.</summary>
    public string? Configuration { get; }

    private static string[] Names => OperatingSystem.IsWindows() ? ["libopenblas.dll", "openblas.dll"]
        : OperatingSystem.IsMacOS() ? ["libopenblas.0.dylib", "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib"]
        : ["libopenblas.so.0", "libopenblas.so"];

    /// <summary>How many of its own threads a product may use; 1 unless this is called.</summary>
    public void SetThreads(int count) => _setThreads(count);

    /// <summary>C = A·B, or C += A·B, row-major.</summary>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Products of an element.</param>
    /// <param name="a">A's first element.</param>
    /// <param name="lda">Elements from one stored row of A to the next.</param>
    /// <param name="aTransposed">Whether A is stored transposed.</param>
    /// <param name="b">B's first element.</param>
    /// <param name="ldb">Elements from one stored row of B to the next.</param>
    /// <param name="bTransposed">Whether B is stored transposed.</param>
    /// <param name="c">C's first element.</param>
    /// <param name="ldc">Elements from one row of C to the next.</param>
    /// <param name="accumulate">Whether to add to C.</param>
    public void Multiply(int m, int n, int k, ref readonly float a, int lda, bool aTransposed,
        ref readonly float b, int ldb, bool bTransposed, ref float c, int ldc, bool accumulate)
    {
        fixed (float* left = &a, right = &b, target = &c)
            _multiply(RowMajor, aTransposed ? Transposed : Plain, bTransposed ? Transposed : Plain, m, n, k, 1, left, lda, right, ldb,
                accumulate ? 1 : 0, target, ldc);
    }
}
