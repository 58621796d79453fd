using System.Runtime.CompilerServices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>Matrix products by cuBLAS, about as exact as F32 with stored weights of any type, unless fewer terms are asked for.</summary>
/// <remarks>
/// F32 times F32 is multiplied as such, without TF32. F32 times BF16 goes through tensor cores: the F32 factor is cut into three BF16
/// terms,
/// top to bottom, which add up to it exactly from |x| ≥ 2⁻¹¹⁰ on, and every product of two BF16 numbers is exact in F32. What tensor cores
/// do not keep is the sum: they cut off where F32 would round to nearest, so that the error grows with its length. Sums are therefore taken
/// in chunks of
/// <see cref="PieceLength"/> products, which are added in F32. With one term (rounded to nearest) a product is about three times as fast
/// and the F32 factor has 8 significant bits.
/// F16, and BF16 on devices without it (before compute capability 8.0), are widened to F32 first. Weights must be finite where several
/// terms are used.
/// Each queue has a handle with a workspace of its own: the same bytes from run to run on the same kind of device and version of the
/// library.
/// </remarks>
internal sealed class CublasGemm : IDeviceGemm, IDisposable
{
    private const int Terms = 3;

    /// <summary>Products that tensor cores sum up in one go: about as many as keep their error near that of a sum in F32.</summary>
    internal const int PieceLength = 1024;

    private readonly ConditionalWeakTable<CudaQueue, State> _states = [];
    private readonly CublasInterop _library;
    private readonly CudaDevice _device;
    private readonly Func<string, KernelDefinition> _kernels;
    private readonly int _terms;

    /// <param name="library">The library, which is available.</param>
    /// <param name="device">The device.</param>
    /// <param name="isRounded">Whether an F32 factor of BF16 weights is rounded to one BF16 term.</param>
    /// <param name="kernels">Finds a kernel by its name; null for the catalog.</param>
    public CublasGemm(CublasInterop library, CudaDevice device, bool isRounded, Func<string, KernelDefinition>? kernels = null) =>
        (_library, _device, _terms, _kernels) = (library, device, isRounded ? 1 : Terms, kernels ?? KernelCatalog.Get);

    public string Name => _terms == 1 ? DeviceGemmChoice.CublasBFloat16 : DeviceGemmChoice.Cublas;

    private bool HasBFloat16 => _device.Facts.Capability.Major >= 8;

    public bool Supports(ElementType type) => type is ElementType.F32 or ElementType.F16 or ElementType.BF16;

    public void Multiply(DeviceQueue queue, DeviceMatrix c, DeviceMatrix a, DeviceMatrix b, int m, int n, int k,
        bool transposeA, bool transposeB, bool accumulate)
    {
        if (a.Type != ElementType.F32 || c.Type != ElementType.F32 || !Supports(b.Type))
            throw new ArgumentException(
                $"{a.Type} times {b.Type} to {c.Type}: the first factor and the product are F32, the second F32, F16 or BF16.", nameof(a));
        if (m == 0 || n == 0) return;
        State state = _states.GetValue((CudaQueue)queue, q => new State(_library, q));
        if (k == 0)
        {
            if (!accumulate) queue.Clear(c.Buffer, c.Start * sizeof(float), (long)m * n * sizeof(float));
            return;
        }
        ulong target = Address(c, sizeof(float));
        if (b.Type == ElementType.BF16 && HasBFloat16)
        {
            long count = (long)m * k;
            CudaBuffer terms = state.Take(0, _terms * count * sizeof(ushort));
            string cut = _terms == 1 ? nameof(BFloat16Kernels.RoundToBFloat16) : nameof(BFloat16Kernels.SplitToBFloat16);
            Launch(queue, cut, count, KernelArgument.View(terms, 0, _terms * count), KernelArgument.View(a.Buffer, a.Start, count));
            bool isAdded = accumulate;
            int pieceLength = _terms == 1 ? k : PieceLength;
            // The smallest terms first: their sum is the more exact.
            for (int term = _terms - 1; term >= 0; term--)
            {
                for (int start = 0; start < k; start += pieceLength, isAdded = true)
                {
                    long left = (term * count) + ((long)start * (transposeA ? m : 1)), right = (long)start * (transposeB ? 1 : n);
                    Put(CublasType.BF16, terms.Memory.Address + (ulong)(left * sizeof(ushort)),
                        Address(b, sizeof(ushort)) + (ulong)(right * sizeof(ushort)),
                        isAdded, Math.Min(pieceLength, k - start));
                }
            }
            return;
        }
        if (b.Type == ElementType.F32)
        {
            Put(CublasType.F32, Address(a, sizeof(float)), Address(b, sizeof(float)), accumulate, k);
            return;
        }
        long weights = (long)k * n;
        CudaBuffer wide = state.Take(1, weights * sizeof(float));
        Launch(queue, $"Widen_{b.Type.ToName()}", weights,
            KernelArgument.View(wide, 0, weights), KernelArgument.View(b.Buffer, b.Start, weights));
        Put(CublasType.F32, Address(a, sizeof(float)), wide.Memory.Address, accumulate, k);

        // The library is column-major, where a row-major matrix is its transpose: Cᵀ = op(B)ᵀ·op(A)ᵀ.
        void Put(CublasType type, ulong left, ulong right, bool isAdded, int length) =>
            state.Handle.Multiply(type, transposeB, transposeA, n, m, length,
            right, transposeB ? k : n, left, transposeA ? m : k, isAdded ? 1 : 0, target, n);
    }

    /// <summary>Whether the library works with the driver and the device: one of a newer CUDA than the driver's, or without code for the
    /// device, does not.</summary>
    public bool IsUsable()
    {
        try
        {
            using CudaInterop.Stream stream = _device.Context.CreateStream();
            CublasInterop.Handle.Create(_library, _device.Context, stream, State.WorkspaceBytes).Dispose();
            return true;
        }
        catch (DeviceFailureException)
        {
            return false;
        }
    }

    /// <summary>Gives back what a queue's products took, while its stream is there.</summary>
    public void Forget(CudaQueue queue)
    {
        if (_states.TryGetValue(queue, out State? state)) state.Dispose();
        _states.Remove(queue);
    }

    public void Dispose()
    {
        foreach ((_, State state) in _states) state.Dispose();
        _states.Clear();
    }

    /// <summary>Starts a kernel whose lanes take one element each.</summary>
    private void Launch(DeviceQueue queue, string name, long elements, KernelArgument target, KernelArgument source)
    {
        KernelDefinition kernel = _kernels(name);
        queue.Launch(kernel, checked((int)((elements + kernel.GroupSize - 1) / kernel.GroupSize)), target, source);
    }

    private static ulong Address(DeviceMatrix matrix, int elementBytes) =>
        ((CudaBuffer)matrix.Buffer).Memory.Address + (ulong)(matrix.Start * elementBytes);

    /// <summary>What the products of one queue need; work of a queue is done in order, so that its buffers are free again for the next
    /// product.</summary>
    private sealed class State(CublasInterop library, CudaQueue queue) : IDisposable
    {
        /// <summary>What NVIDIA recommends for Hopper; smaller devices need less.</summary>
        public const int WorkspaceBytes = 32 << 20;

        private readonly CudaBuffer?[] _buffers = new CudaBuffer?[2];

        public CublasInterop.Handle Handle { get; } = CublasInterop.Handle
            .Create(library, queue.Device.Context, queue.Stream, WorkspaceBytes);

        public CudaBuffer Take(int index, long bytes)
        {
            if (_buffers[index] is { } present && present.ByteLength >= bytes) return present;
            _buffers[index]?.Dispose();
            _buffers[index] = null;
            return _buffers[index] = (CudaBuffer)queue.Device.Allocate(bytes);
        }

        public void Dispose()
        {
            Handle.Dispose();
            foreach (CudaBuffer? buffer in _buffers) buffer?.Dispose();
        }
    }
}
