using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Devices;

/// <summary>A matrix in a buffer, row-major without gaps.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="Start">The first element, counted in elements of its type.</param>
/// <param name="Type">F32, F16 or BF16.</param>
public readonly record struct DeviceMatrix(DeviceBuffer Buffer, long Start, ElementType Type);

/// <summary>GEMM, row-major matrix products, by a device's native library.</summary>
/// <remarks>Used by the thread of the queue. Its sums may be in any order, so that last bits differ from our own kernels': models are held
/// to tolerances, and
/// rows are never tested with it.</remarks>
public interface IDeviceGemm
{
    /// <summary>The library, for instance <c>cublas</c>.</summary>
    string Name { get; }

    /// <summary>Whether a product with a second factor of this type can be computed; our own kernels compute it otherwise.</summary>
    /// <param name="type">F32, F16 or BF16.</param>
    bool Supports(ElementType type);

    /// <summary>C = op(A)·op(B), or C += op(A)·op(B): M×N from M×K and K×N, all row-major without gaps; A and C are F32.</summary>
    /// <param name="queue">Where the work is put; a queue of the same device.</param>
    /// <param name="c">(M, N), which does not overlap the factors.</param>
    /// <param name="a">(M, K), or (K, M) where it is transposed.</param>
    /// <param name="b">(K, N), or (N, K) where it is transposed.</param>
    /// <param name="m">M.</param>
    /// <param name="n">N.</param>
    /// <param name="k">K.</param>
    /// <param name="transposeA">Whether op(A) = Aᵀ.</param>
    /// <param name="transposeB">Whether op(B) = Bᵀ.</param>
    /// <param name="accumulate">Whether to add to C.</param>
    /// <exception cref="DeviceFailureException">The library failed.</exception>
    void Multiply(DeviceQueue queue, DeviceMatrix c, DeviceMatrix a, DeviceMatrix b, int m, int n, int k,
        bool transposeA, bool transposeB, bool accumulate);
}
