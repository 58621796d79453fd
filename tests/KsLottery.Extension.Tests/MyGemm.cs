using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Extension.Tests;

/// <summary>The definition of a matrix product, as a native library would compute it.</summary>
internal sealed class MyGemm : IDeviceGemm
{
    public string Name => "my-gemm";

    public bool Supports(ElementType type) => type == ElementType.F32;

    public void Multiply(DeviceQueue queue, DeviceMatrix c, DeviceMatrix a, DeviceMatrix b, int m, int n, int k,
        bool transposeA, bool transposeB, bool accumulate)
    {
        Span<float> product = Values(c), left = Values(a), right = Values(b);
        for (int row = 0; row < m; row++)
        {
            for (int column = 0; column < n; column++)
            {
                double sum = accumulate ? product[(row * n) + column] : 0;
                for (int i = 0; i < k; i++)
                {
                    double factor = left[transposeA ? (i * m) + row : (row * k) + i];
                    sum += factor * right[transposeB ? (column * k) + i : (i * n) + column];
                }
                product[(row * n) + column] = (float)sum;
            }
        }
    }

    private static Span<float> Values(DeviceMatrix matrix) =>
        MemoryMarshal.Cast<byte, float>(MyBuffer.MemoryOf(matrix.Buffer).AsSpan())[(int)matrix.Start..];
}
