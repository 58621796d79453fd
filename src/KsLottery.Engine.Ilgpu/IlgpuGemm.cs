extern alias catalog;

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KernelCatalog = catalog::KsLottery.Kernels.KernelCatalog;
using KernelDefinition = catalog::KsLottery.Kernels.KernelDefinition;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Matrix products by cuBLAS, as ILGPU.Algorithms reaches it: F32 times F32, without TF32; other weights are widened
/// first.</summary>
/// <remarks>ILGPU.Algorithms knows the versions 10 to 12 and no product of BF16 factors, which <c>cuda:N</c> has.</remarks>
internal sealed class IlgpuGemm(IlgpuDevice device, CudaAccelerator accelerator) : IDeviceGemm, IDisposable
{
    /// <summary>The environment variable that chooses the products of all devices.</summary>
    private const string Variable = "KSLOTTERY_GEMM";

    private const string Library = "cublas";

    private readonly ConditionalWeakTable<IlgpuQueue, State> _states = [];

    public string Name => Library;

    public bool Supports(ElementType type) => type is ElementType.F32 or ElementType.F16 or ElementType.BF16;

    /// <summary>cuBLAS on a device, as <c>KSLOTTERY_GEMM</c> wants it; null where that is our own products, or there is none.</summary>
    /// <exception cref="DeviceUnavailableException">It is named, and not there.</exception>
    public static IlgpuGemm? Of(IlgpuDevice device, CudaAccelerator accelerator)
    {
        string? choice = Environment.GetEnvironmentVariable(Variable);
        if (choice is "own" or "clblast") return null;
        try
        {
            if (choice == "cublas-bf16") throw new NotSupportedException("ILGPU.Algorithms has no product of BF16 factors");
            // A library of a newer CUDA than the driver's is there and does not work.
            new CuBlas(accelerator).Dispose();
            return new(device, accelerator);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or CuBlasException
            or NotSupportedException)
        {
            return choice is not (Library or "cublas-bf16") ? null : throw new DeviceUnavailableException(device.Name,
                $"{Variable}={choice}: {exception.Message.TrimEnd('.')}", $"Unset {Variable} for our own products, or use cuda:N");
        }
    }

    /// <summary>What multiplies matrices on ILGPU's CUDA devices, by the library that can be loaded.</summary>
    /// <param name="loads">Whether a library can be loaded.</param>
    public static string Describe(Func<string, bool>? loads = null)
    {
        loads ??= name => NativeLibrary.TryLoad(name, typeof(CuBlas).Assembly, null, out _);
        string[] names = OperatingSystem.IsWindows() ? ["cublas64_12.dll", "cublas64_11.dll", "cublas64_10.dll"]
            : ["libcublas.so.12", "libcublas.so.11", "libcublas.so.10"];
        return Array.Find(names, n => loads(n)) is { } found ? $"{found} through ILGPU.Algorithms"
            : $"our own kernels: there is no cuBLAS that ILGPU.Algorithms takes ({string.Join(", ", names)})";
    }

    public void Multiply(DeviceQueue queue, DeviceMatrix c, DeviceMatrix a, DeviceMatrix b, int m, int n, int k,
        bool transposeA, bool transposeB, bool accumulate)
    {
        if (a.Type != ElementType.F32 || c.Type != ElementType.F32 || !Supports(b.Type))
            throw new ArgumentException(
                $"{a.Type} times {b.Type} to {c.Type}: the first factor and the product are F32, the second F32, F16 or BF16.", nameof(a));
        if (m == 0 || n == 0) return;
        if (k == 0)
        {
            if (!accumulate) queue.Clear(c.Buffer, c.Start * sizeof(float), (long)m * n * sizeof(float));
            return;
        }
        State state = _states.GetValue((IlgpuQueue)queue,
            q => IlgpuCall.Run(device.Name, "cublasCreate", () => new State(accelerator, (CudaStream)q.Stream)));
        long weights = (long)k * n;
        ArrayView<float> right = b.Type == ElementType.F32 ? device.View<float>(b.Buffer, b.Start, weights)
            : Widen(state, queue, b, weights);
        ArrayView<float> left = device.View<float>(a.Buffer, a.Start, (long)m * k);
        ArrayView<float> product = device.View<float>(c.Buffer, c.Start, (long)m * n);
        ColumnMajor call = ColumnMajor.Of(m, n, k, transposeA, transposeB);
        IlgpuCall.Run(device.Name, "cublasSgemm", () => state.Blas.Gemm(Operation(call.TransposeFirst), Operation(call.TransposeSecond),
            call.Rows, call.Columns, call.Length, 1, right, call.FirstStride, left, call.SecondStride, accumulate ? 1 : 0, product,
            call.ProductStride));
    }

    /// <summary>Gives back what a queue's products took, while its stream is there.</summary>
    public void Forget(IlgpuQueue queue)
    {
        if (_states.TryGetValue(queue, out State? state)) state.Dispose();
        _states.Remove(queue);
    }

    public void Dispose()
    {
        foreach ((_, State state) in _states) state.Dispose();
        _states.Clear();
    }

    private ArrayView<float> Widen(State state, DeviceQueue queue, DeviceMatrix weight, long count)
    {
        DeviceBuffer wide = state.Take(device, count * sizeof(float));
        KernelDefinition kernel = KernelCatalog.Get($"Widen_{weight.Type.ToName()}");
        queue.Launch(kernel, checked((int)((count + kernel.GroupSize - 1) / kernel.GroupSize)), KernelArgument.View(wide, 0, count),
            KernelArgument.View(weight.Buffer, weight.Start, count));
        return device.View<float>(wide, 0, count);
    }

    private static CuBlasOperation Operation(bool isTransposed) => isTransposed ? CuBlasOperation.Transpose : CuBlasOperation.NonTranspose;

    /// <summary>A row-major product as the column-major library is asked for it, where a row-major matrix is its transpose:
    /// Cᵀ = op(B)ᵀ·op(A)ᵀ.</summary>
    /// <remarks>The library's first factor is our second.</remarks>
    internal readonly record struct ColumnMajor(
        bool TransposeFirst, bool TransposeSecond, int Rows, int Columns, int Length, int FirstStride, int SecondStride, int ProductStride)
    {
        public static ColumnMajor Of(int m, int n, int k, bool transposeA, bool transposeB) =>
            new(transposeB, transposeA, n, m, k, transposeB ? k : n, transposeA ? m : k, n);
    }

    /// <summary>What the products of one queue need; its work is done in order, so that the memory is free again for the next.</summary>
    private sealed class State(CudaAccelerator accelerator, CudaStream stream) : IDisposable
    {
        private DeviceBuffer? _wide;

        public CuBlas Blas { get; } = new(accelerator) { Stream = stream };

        public DeviceBuffer Take(IlgpuDevice device, long bytes)
        {
            if (_wide is { } present && present.ByteLength >= bytes) return present;
            _wide?.Dispose();
            _wide = null;
            return _wide = device.Allocate(bytes);
        }

        public void Dispose()
        {
            Blas.Dispose();
            _wide?.Dispose();
        }
    }
}
