namespace KsLottery.Engine.Operations;

/// <summary>A way to multiply two matrices on the calling thread; any number of threads may use one at a time.</summary>
internal abstract class GemmAlgorithm
{
    /// <summary>The name that reports and benchmarks use.</summary>
    public abstract string Name { get; }

    /// <summary>C may be cut between threads at multiples of so many rows: no element's bits depend on such a cut.</summary>
    public abstract int RowGrain { get; }

    /// <summary>The same for columns.</summary>
    public abstract int ColumnGrain { get; }

    /// <summary>Whether an element's products are summed as <see cref="Gemm"/> says.</summary>
    public virtual bool SumsInBlocks => true;

    /// <summary>C = A·B, or C += A·B, for sizes of at least 1; see <see cref="Gemm"/>.</summary>
    public abstract void Multiply(int m, int n, int k, PanelSource a, bool aTransposed, PanelSource b, bool bTransposed, Span<float> c,
        int ldc, bool accumulate);
}
