namespace KsLottery.Engine.Operations;

/// <summary>The definition: what every packed kernel computes to the bit where the processor has fused multiply-add.</summary>
internal sealed class GemmReference : GemmAlgorithm
{
    public override string Name => "reference";
    public override int RowGrain => 1;
    public override int ColumnGrain => 1;

    public override void Multiply(int m, int n, int k, PanelSource a, bool aTransposed, PanelSource b, bool bTransposed, Span<float> c,
        int ldc, bool accumulate)
    {
        int depth = Gemm.BlockDepth(k);
        float[] row = new float[depth], column = new float[depth];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                float total = accumulate ? c[(i * ldc) + j] : 0;
                for (int first = 0; first < k; first += depth)
                {
                    int count = Math.Min(depth, k - first);
                    Read(a, i, first, row.AsSpan(0, count), aTransposed);
                    Read(b, j, first, column.AsSpan(0, count), !bTransposed);
                    float sum = 0;
                    for (int p = 0; p < count; p++) sum = MathF.FusedMultiplyAdd(row[p], column[p], sum);
                    total = first == 0 && !accumulate ? sum : total + sum;
                }
                c[(i * ldc) + j] = total;
            }
    }

    /// <summary>Elements of a row, or of a column, of a source.</summary>
    private static void Read(PanelSource source, int line, int first, Span<float> values, bool isColumn)
    {
        Span<float> scratch = stackalloc float[1];
        for (int p = 0; p < values.Length; p++)
            values[p] = isColumn ? source.GetBlock(first + p, line, 1, 1, scratch, out _)
                : source.GetBlock(line, first + p, 1, 1, scratch, out _);
    }
}
