namespace KsLottery.Engine.Operations;

/// <summary>Products of two F32 matrices on the calling thread.</summary>
internal static class Gemm
{
    // Part of the result, not of the speed alone: another depth groups the sums otherwise and gives other last bits.
    private const int MaxDepth = 288;

    /// <summary>C = A·B, or C += A·B.</summary>
    /// <remarks>
    /// Own kernels sum blocks of <see cref="BlockDepth"/> products, each by one chain of fused multiply-adds from zero in the order of k,
    /// and add block after block. So an element has the same bits whatever the sizes of C and its place in it, the vector width and the
    /// number of threads, wherever the processor has fused multiply-add.
    /// </remarks>
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
        ReadOnlySpan<float> b, int ldb, bool bTransposed, Span<float> c, int ldc, bool accumulate) =>
        Multiply(GemmAlgorithms.Default, m, n, k, new(a, lda), aTransposed, new(b, ldb), bTransposed, c, ldc, accumulate);

    /// <inheritdoc cref="Multiply(int, int, int, ReadOnlySpan{float}, int, bool, ReadOnlySpan{float}, int, bool, Span{float}, int, bool)"/>
    public static void Multiply(GemmAlgorithm algorithm, int m, int n, int k, PanelSource a, bool aTransposed, PanelSource b,
        bool bTransposed,
        Span<float> c, int ldc, bool accumulate)
    {
        if (m == 0 || n == 0) return;
        c = c[..(((m - 1) * ldc) + n)];
        if (k > 0) algorithm.Multiply(m, n, k, a, aTransposed, b, bTransposed, c, ldc, accumulate);
        else if (!accumulate)
            for (int i = 0; i < m; i++) c.Slice(i * ldc, n).Clear();
    }

    /// <summary>How many products are summed at a time: equal parts of k, of at most 288 products.</summary>
    public static int BlockDepth(int k)
    {
        int blocks = ((k - 1) / MaxDepth) + 1, part = ((k - 1) / blocks) + 1;
        return (part + 7) & ~7;
    }
}
