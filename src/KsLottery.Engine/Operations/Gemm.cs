namespace KsLottery.Engine.Operations;

/// <summary>Products of two F32 matrices on the calling thread.</summary>
internal static class Gemm
{
    /// <summary>C = A·B, or C += A·B. Each element of C is summed in the order of k, whatever the other sizes.</summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B.</param>
    /// <param name="a">A, (m, k), or (k, m) if transposed.</param>
    /// <param name="lda">Elements from one row of <paramref name="a"/> to the next.</param>
    /// <param name="aTransposed">Whether <paramref name="a"/> holds Aᵀ.</param>
    /// <param name="b">B, (k, n), or (n, k) if transposed.</param>
    /// <param name="ldb">Elements from one row of <paramref name="b"/> to the next.</param>
    /// <param name="bTransposed">Whether <paramref name="b"/> holds Bᵀ.</param>
    /// <param name="c">C, (m, n).</param>
    /// <param name="ldc">Elements from one row of <paramref name="c"/> to the next.</param>
    /// <param name="accumulate">Whether to add to C.</param>
    public static void Multiply(int m, int n, int k, ReadOnlySpan<float> a, int lda, bool aTransposed,
        ReadOnlySpan<float> b, int ldb, bool bTransposed, Span<float> c, int ldc, bool accumulate)
    {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                float sum = accumulate ? c[(i * ldc) + j] : 0;
                for (int p = 0; p < k; p++)
                    sum = MathF.FusedMultiplyAdd(aTransposed ? a[(p * lda) + i] : a[(i * lda) + p], bTransposed ? b[(j * ldb) + p] : b[(p * ldb) + j], sum);
                c[(i * ldc) + j] = sum;
            }
    }
}
