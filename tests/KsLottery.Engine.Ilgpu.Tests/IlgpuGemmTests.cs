namespace KsLottery.Engine.Ilgpu.Tests;

/// <summary>What can be checked of cuBLAS without a GPU: how the library is asked.</summary>
public sealed class IlgpuGemmTests
{
    [Test]
    public void A_row_major_product_is_asked_for_as_the_column_major_one_of_the_same_bytes(
        [Values] bool transposeA, [Values] bool transposeB)
    {
        const int M = 3, N = 5, K = 4;
        float[] a = [.. Enumerable.Range(1, M * K).Select(i => (float)i)], b = [.. Enumerable.Range(1, K * N).Select(i => (float)(i * i))];
        float[] expected = new float[M * N], actual = new float[M * N];
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
                for (int l = 0; l < K; l++)
                    expected[(i * N) + j] += a[transposeA ? (l * M) + i : (i * K) + l] * b[transposeB ? (j * K) + l : (l * N) + j];

        IlgpuGemm.ColumnMajor call = IlgpuGemm.ColumnMajor.Of(M, N, K, transposeA, transposeB);
        for (int i = 0; i < call.Rows; i++)
            for (int j = 0; j < call.Columns; j++)
                for (int l = 0; l < call.Length; l++)
                    actual[i + (j * call.ProductStride)] += Entry(b, call.FirstStride, call.TransposeFirst, i, l)
                        * Entry(a, call.SecondStride, call.TransposeSecond, l, j);
        Assert.That(actual, Is.EqualTo(expected));

        // cuBLAS: entry (row, column) of op(X) lies at row + column · stride of X, or of Xᵀ.
        static float Entry(float[] x, int stride, bool isTransposed, int row, int column) =>
            isTransposed ? x[column + (row * stride)] : x[row + (column * stride)];
    }

    [Test]
    public void Which_library_multiplies_is_told_and_that_there_is_none()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("the names of files are Linux's");
        Assert.That(IlgpuGemm.Describe(name => name is "libcublas.so.11" or "libcublas.so.10"),
            Is.EqualTo("libcublas.so.11 through ILGPU.Algorithms"));
        Assert.That(IlgpuGemm.Describe(_ => false), Is.EqualTo(
            "our own kernels: there is no cuBLAS that ILGPU.Algorithms takes (libcublas.so.12, libcublas.so.11, libcublas.so.10)"));
    }
}
