using System.Runtime.InteropServices;

namespace KsLottery.Engine.Devices;

/// <summary>How cuBLAS stores a number: <c>cudaDataType</c>.</summary>
internal enum CublasType
{
    /// <summary>CUDA_R_32F.</summary>
    F32 = 0,

    /// <summary>CUDA_R_16BF.</summary>
    BF16 = 14,
}

/// <summary>NVIDIA's cuBLAS, if the system has it: a part of the CUDA toolkit that a driver does not bring.</summary>
internal sealed unsafe class CublasInterop
{
    /// <summary>The environment variable that names the library where it lies at an unusual place.</summary>
    public const string Variable = "KSLOTTERY_CUBLAS_LIBRARY";

    private const int Success = 0;

    private static readonly Lazy<CublasInterop> Loaded = new(() => new CublasInterop(Names));

    private readonly List<string> _attempts = [];
    private delegate* unmanaged<nint*, int> _create;
    private delegate* unmanaged<nint, int> _destroy;
    private delegate* unmanaged<nint, nint, int> _setStream;
    private delegate* unmanaged<nint, int, int> _setMathMode;
    private delegate* unmanaged<nint, ulong, nuint, int> _setWorkspace;
    private delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, ulong, int, float*, ulong, int, int> _multiplySingle;
    private delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, int, ulong, int, int, float*, ulong, int, int, int, int,
        int> _multiplyMixed;

    /// <summary>Looks for the library.</summary>
    /// <param name="names">Names, best first.</param>
    public CublasInterop(IEnumerable<string> names) => IsAvailable = Interop.LibrarySearch.Find(names, Bind, _attempts) != 0;

    /// <summary>The library, looked for once.</summary>
    public static CublasInterop Instance => Loaded.Value;

    /// <summary>Whether it is there with every function.</summary>
    public bool IsAvailable { get; }

    /// <summary>Which names were tried, and what came of it.</summary>
    public IReadOnlyList<string> Attempts => _attempts;

    /// <summary>The newest that the driver can be expected to work with first, then those that are newer than it.</summary>
    private static IEnumerable<string> Names => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? [path]
        : VersionsFor(CudaInterop.Instance.Version.Major).Select(v => OperatingSystem.IsWindows() ? $"cublas64_{v}.dll"
            : $"libcublas.so.{v}");

    /// <summary>The type of a computation took other numbers before version 11: older ones are not looked for.</summary>
    internal static IEnumerable<int> VersionsFor(int driver) => Enumerable.Range(11, 3).OrderBy(v => v > driver).ThenByDescending(v => v);

    private string? Bind(nint library)
    {
        string? missing = null;
        _create = (delegate* unmanaged<nint*, int>)Find("cublasCreate_v2");
        _destroy = (delegate* unmanaged<nint, int>)Find("cublasDestroy_v2");
        _setStream = (delegate* unmanaged<nint, nint, int>)Find("cublasSetStream_v2");
        _setMathMode = (delegate* unmanaged<nint, int, int>)Find("cublasSetMathMode");
        _setWorkspace = (delegate* unmanaged<nint, ulong, nuint, int>)Find("cublasSetWorkspace_v2");
        _multiplySingle = (delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, ulong, int, float*, ulong, int,
            int>)Find("cublasSgemm_v2");
        _multiplyMixed = (delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, int, ulong, int, int, float*, ulong, int,
            int, int, int, int>)
            Find("cublasGemmEx");
        return missing;

        nint Find(string name)
        {
            if (NativeLibrary.TryGetExport(library, name, out nint function)) return function;
            missing ??= name;
            return 0;
        }
    }

    /// <summary>The library's state for one stream, with a workspace of its own: so that the same product gives the same bits from run to
    /// run, whatever other streams do.</summary>
    internal sealed class Handle : CudaInterop.ContextHandle
    {
        private const int Plain = 0, Transposed = 1, DefaultMath = 0, ComputeF32 = 68, DefaultAlgorithm = -1;

        private readonly CublasInterop _library;
        private readonly string _device;
        private readonly CudaInterop.DeviceMemory _workspace;

        private Handle(CublasInterop library, CudaInterop.Context context, CudaInterop.DeviceMemory workspace, nint value)
            : base(context.Driver, context, value) =>
            (_library, _device, _workspace) = (library, context.DeviceName, workspace);

        /// <param name="library">The library.</param>
        /// <param name="context">The device's context.</param>
        /// <param name="stream">Where the products are put.</param>
        /// <param name="workspaceBytes">The size of its workspace.</param>
        /// <exception cref="DeviceFailureException">The library cannot work on this device.</exception>
        public static Handle Create(CublasInterop library, CudaInterop.Context context, CudaInterop.Stream stream, int workspaceBytes)
        {
            CudaInterop.DeviceMemory workspace = context.Allocate(workspaceBytes);
            Handle? made = null;
            try
            {
                using CudaInterop.Current current = context.Enter();
                nint value;
                Check(context.DeviceName, "cublasCreate_v2", library._create(&value));
                made = new(library, context, workspace, value);
                // The workspace goes last: setting the stream takes the library's own again.
                Check(context.DeviceName, "cublasSetStream_v2", library._setStream(value, stream.Handle));
                Check(context.DeviceName, "cublasSetMathMode", library._setMathMode(value, DefaultMath));
                Check(context.DeviceName, "cublasSetWorkspace_v2", library._setWorkspace(value, workspace.Address, (nuint)workspaceBytes));
                return made;
            }
            catch
            {
                made?.Dispose();
                workspace.Dispose();
                throw;
            }
        }

        /// <summary>C = op(A)·op(B) + β·C, column-major, in F32: A and B both F32 and multiplied as such, or both BF16, their products
        /// exact.</summary>
        /// <param name="type">How A and B are stored; C is F32.</param>
        /// <param name="transposeA">Whether op(A) = Aᵀ.</param>
        /// <param name="transposeB">Whether op(B) = Bᵀ.</param>
        /// <param name="m">Rows of C.</param>
        /// <param name="n">Columns of C.</param>
        /// <param name="k">Products of an element.</param>
        /// <param name="a">A's address.</param>
        /// <param name="lda">Elements from one stored column of A to the next.</param>
        /// <param name="b">B's address.</param>
        /// <param name="ldb">Elements from one stored column of B to the next.</param>
        /// <param name="beta">β, 0 or 1.</param>
        /// <param name="c">C's address.</param>
        /// <param name="ldc">Elements from one column of C to the next.</param>
        public void Multiply(CublasType type, bool transposeA, bool transposeB, int m, int n, int k, ulong a, int lda, ulong b, int ldb,
            float beta, ulong c, int ldc)
        {
            using CudaInterop.Current current = Enter();
            float alpha = 1;
            int left = transposeA ? Transposed : Plain, right = transposeB ? Transposed : Plain;
            if (type == CublasType.F32)
                Check(_device, "cublasSgemm_v2",
                    _library._multiplySingle(handle, left, right, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc));
            else
                Check(_device, "cublasGemmEx",
                    _library._multiplyMixed(handle, left, right, m, n, k, &alpha, a, (int)type, lda, b, (int)type, ldb, &beta,
                    c, (int)CublasType.F32, ldc, ComputeF32, DefaultAlgorithm));
        }

        private protected override int Release()
        {
            int status = _library._destroy(handle);
            _workspace.Dispose();
            return status;
        }

        private static void Check(string device, string call, int status)
        {
            if (status == Success) return;
            (string name, string cause) = status switch
            {
                1 => ("CUBLAS_STATUS_NOT_INITIALIZED", "the library does not fit the driver, or the device is lost"),
                3 => ("CUBLAS_STATUS_ALLOC_FAILED", "the device's memory is used up"),
                7 => ("CUBLAS_STATUS_INVALID_VALUE", "the product's sizes are beyond what the library takes"),
                8 => ("CUBLAS_STATUS_ARCH_MISMATCH", "the library has no such product for this device"),
                13 => ("CUBLAS_STATUS_EXECUTION_FAILED", "the device failed, perhaps at work that was given earlier"),
                14 => ("CUBLAS_STATUS_INTERNAL_ERROR", "the library failed, perhaps at work that was given earlier"),
                15 => ("CUBLAS_STATUS_NOT_SUPPORTED", "the library has no such product"),
                _ => ("an unknown status", "the library says no more"),
            };
            throw new DeviceFailureException(device, call, $"{name} ({status})", cause,
                "Use our own products instead, with KSLOTTERY_GEMM=own");
        }
    }
}
