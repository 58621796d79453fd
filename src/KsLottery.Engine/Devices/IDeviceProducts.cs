using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Devices;

/// <summary>A range of numbers in a buffer.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="Start">The first element.</param>
/// <param name="Type">F32, F16 or BF16.</param>
internal readonly record struct DeviceMatrix(DeviceBuffer Buffer, long Start, ElementType Type);

/// <summary>Row-major matrix products by a device's native library.</summary>
internal interface IDeviceProducts
{
    /// <summary>The library, for instance <c>cublas</c>.</summary>
    string Name { get; }

    /// <summary>Whether a product with a second factor of this type can be computed.</summary>
    bool Supports(ElementType type);

    /// <summary>C = op(A)·op(B), or C += op(A)·op(B): M×N from M×K and K×N, all row-major without gaps; A and C are F32.</summary>
    /// <param name="queue">Where the work is put.</param>
    /// <param name="c">(M, N).</param>
    /// <param name="a">(M, K), or (K, M) where it is transposed.</param>
    /// <param name="b">(K, N), or (N, K) where it is transposed.</param>
    /// <param name="m">M.</param>
    /// <param name="n">N.</param>
    /// <param name="k">K.</param>
    /// <param name="transposeA">Whether op(A) = Aᵀ.</param>
    /// <param name="transposeB">Whether op(B) = Bᵀ.</param>
    /// <param name="accumulate">Whether to add to C.</param>
    void Multiply(DeviceQueue queue, DeviceMatrix c, DeviceMatrix a, DeviceMatrix b, int m, int n, int k, bool transposeA, bool transposeB, bool accumulate);
}
