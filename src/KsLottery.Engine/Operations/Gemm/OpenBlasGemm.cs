using System.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>OpenBLAS, asked for fixed tiles of C one at a time, so that results do not depend on how many threads share C.</summary>
internal sealed class OpenBlasGemm : GemmAlgorithm
{
    /// <summary>Tiles as wide as what a weight's rows are widened to at a time, and high enough that packing them does not show.</summary>
    private const int TileRows = 256, TileColumns = 2048, WidenedDepth = 512;

    [ThreadStatic] private static float[]? _widened;

    public override string Name => "openblas";
    public override int RowGrain => TileRows;
    public override int ColumnGrain => TileColumns;
    public override bool SumsInBlocks => false;

    public override void Multiply(int m, int n, int k, PanelSource a, bool aTransposed, PanelSource b, bool bTransposed, Span<float> c,
        int ldc, bool accumulate)
    {
        // What lies ready as F32 is not cut along k.
        int depth = a.ScratchLength(1, 1) + b.ScratchLength(1, 1) == 0 ? k : Math.Min(k, WidenedDepth);
        int aLength = a.ScratchLength(TileRows, depth), bLength = b.ScratchLength(TileColumns, depth);
        if ((_widened?.Length ?? 0) < aLength + bLength) _widened = new float[BitOperations.RoundUpToPowerOf2((uint)(aLength + bLength))];
        Span<float> aWidened = _widened.AsSpan(0, aLength), bWidened = _widened.AsSpan(aLength, bLength);

        for (int column = 0; column < n; column += TileColumns)
            for (int first = 0; first < k; first += depth)
            {
                int columns = Math.Min(TileColumns, n - column), count = Math.Min(depth, k - first);
                ref readonly float right = ref Block(b, !bTransposed, column, columns, first, count, bWidened, out int ldb);
                for (int row = 0; row < m; row += TileRows)
                {
                    int rows = Math.Min(TileRows, m - row);
                    ref readonly float left = ref Block(a, aTransposed, row, rows, first, count, aWidened, out int lda);
                    OpenBlasInterop.Instance.Multiply(rows, columns, count, in left, lda, aTransposed, in right, ldb, bTransposed,
                        ref c[(row * ldc) + column], ldc, accumulate || first > 0);
                }
            }
    }

    private static ref readonly float Block(PanelSource source, bool isColumns, int line, int lines, int first, int depth,
        Span<float> scratch, out int stride)
    {
        if (isColumns) return ref source.GetBlock(first, line, depth, lines, scratch, out stride);
        return ref source.GetBlock(line, first, lines, depth, scratch, out stride);
    }
}
