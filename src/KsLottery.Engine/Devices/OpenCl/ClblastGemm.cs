using System.Runtime.CompilerServices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>Matrix products by CLBlast, in F32; weights of F16 and BF16 are widened to F32 before each product, which is exact.</summary>
/// <remarks>
/// It compiles its kernels for each program that uses it, which takes seconds: taken by itself on graphics processors alone, elsewhere
/// where <c>KSLOTTERY_GEMM</c> names it. The same bytes from run to run on one device and version of the library.
/// </remarks>
/// <param name="library">The library, which is available.</param>
/// <param name="device">The device.</param>
internal sealed class ClblastGemm(ClblastInterop library, OpenClDevice device) : IDeviceGemm, IDisposable
{
    private readonly ConditionalWeakTable<OpenClQueue, Scratch> _scratches = [];

    public string Name => DeviceGemmChoice.Clblast;

    public bool Supports(ElementType type) => type is ElementType.F32 or ElementType.F16 or ElementType.BF16;

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
        OpenClQueue target = (OpenClQueue)queue;
        library.Multiply(target.Handle, transposeA, transposeB, m, n, k, Memory(a),
            Memory(b.Type == ElementType.F32 ? b : Widen(target, b, (long)k * n)),
            accumulate ? 1 : 0, Memory(c));
    }

    public void Dispose()
    {
        foreach ((_, Scratch scratch) in _scratches) scratch.Buffer?.Dispose();
        _scratches.Clear();
    }

    /// <summary>The weights as F32; the work of a queue is done in order, so that its scratch is free again for the next product.</summary>
    private DeviceMatrix Widen(OpenClQueue queue, DeviceMatrix weights, long count)
    {
        Scratch scratch = _scratches.GetOrCreateValue(queue);
        if (scratch.Buffer is null || scratch.Buffer.ByteLength < count * sizeof(float))
        {
            scratch.Buffer?.Dispose();
            scratch.Buffer = null;
            scratch.Buffer = device.Allocate(count * sizeof(float));
        }
        KernelDefinition kernel = KernelCatalog.Get($"Widen_{weights.Type.ToName()}");
        queue.Launch(kernel, checked((int)((count + kernel.GroupSize - 1) / kernel.GroupSize)),
            KernelArgument.View(scratch.Buffer, 0, count),
            KernelArgument.View(weights.Buffer, weights.Start, count));
        return new(scratch.Buffer, 0, ElementType.F32);
    }

    private static (OpenClInterop.Memory, long) Memory(DeviceMatrix matrix) => (((OpenClBuffer)matrix.Buffer).Memory, matrix.Start);

    private sealed class Scratch
    {
        public DeviceBuffer? Buffer { get; set; }
    }
}
