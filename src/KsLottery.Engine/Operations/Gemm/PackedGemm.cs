using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>A product by packed panels: those of B stay in the last cache, those of A in the second, one of B in the first.</summary>
/// <remarks>Goto and van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34(3), 2008.</remarks>
/// <typeparam name="TTile">The tile that fits the registers.</typeparam>
internal sealed class PackedGemm<TTile>(string name) : GemmAlgorithm where TTile : struct, IGemmTile
{
    /// <summary>About how many rows of A and columns of B are packed at a time.</summary>
    private const int MaxRows = 144, MaxColumns = 3072;

    /// <summary>The most floats of B that are packed at a time for the sake of C, of C that stay in a cache without, and of A that are
    /// packed once for all columns.</summary>
    private const int MaxPanels = 1 << 20;

    /// <summary>Where A is packed once, B may come in pieces of so many floats and columns, which stay in the second cache.</summary>
    private const int NearPanels = 5 << 16, LeastColumns = 256, NearColumns = 1024;

    /// <summary>How many panels of B are fetched at a time.</summary>
    private const int FetchedPanels = 4;

    /// <summary>Floats behind the panels that packing may write to: a cache line.</summary>
    private const int Overrun = 16;

    [ThreadStatic] private static Interop.AlignedBlock? _scratch;
    [ThreadStatic] private static int _scratchLength;

    public override string Name => name;
    public override int RowGrain => TTile.Rows;
    public override int ColumnGrain => TTile.Columns;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(int m, int n, int k, PanelSource a, bool aTransposed, PanelSource b, bool bTransposed, Span<float> c,
        int ldc, bool accumulate)
    {
        bool isSmall = (long)m * k <= MaxPanels, isShallow = isSmall && k <= NearPanels / LeastColumns;
        int maxDepth = Gemm.BlockDepth(k), maxRows = Even(m, MaxRows, TTile.Rows), maxColumns = Even(n,
            isShallow ? Math.Min(NearColumns, NearPanels / k) : isSmall ? NearColumns : MaxColumns, TTile.Columns);
        bool keepsA = isSmall && maxColumns < n;
        // A large C is gone through once, not once for each block of its sums, where there is room for all of B.
        int packed = (keepsA && isShallow) || ((long)maxColumns * k <= MaxPanels && (long)maxColumns * m > MaxPanels) ? k : maxDepth;
        int fetched = Math.Min(maxColumns, FetchedPanels * TTile.Columns), allRows = keepsA ? Even(m, m, TTile.Rows) : maxRows;
        int aLength = (allRows * (keepsA ? k : maxDepth)) + Overrun, bLength = (maxColumns * packed) + Overrun,
            tileLength = TTile.Rows * TTile.Columns;
        Span<float> scratch =
            Scratch(bLength + aLength + tileLength + Math.Max(a.ScratchLength(maxRows, maxDepth), b.ScratchLength(fetched, maxDepth)));
        ref float bPanels = ref MemoryMarshal.GetReference(scratch), aPanels = ref Unsafe.Add(ref bPanels, bLength),
            tile = ref Unsafe.Add(ref aPanels, aLength);
        Span<float> widened = scratch[(bLength + aLength + tileLength)..];

        // In the order of their addresses, since packing may write behind what it packs.
        for (int first = 0; keepsA && first < k; first += maxDepth)
            for (int row = 0, depth = Math.Min(maxDepth, k - first); row < m; row += maxRows)
                Pack(a, aTransposed, row, Math.Min(maxRows, m - row), first, depth, TTile.Rows, widened,
                    ref Unsafe.Add(ref aPanels, (first * allRows) + (row * depth)));
        for (int column = 0; column < n; column += maxColumns)
            for (int from = 0; from < k; from += packed)
            {
                int columns = Math.Min(maxColumns, n - column), to = Math.Min(k, from + packed);
                for (int first = from; first < to; first += maxDepth)
                    for (int j = 0, depth = Math.Min(maxDepth, to - first); j < columns; j += fetched)
                        Pack(b, !bTransposed, column + j, Math.Min(fetched, columns - j), first, depth, TTile.Columns, widened,
                            ref Unsafe.Add(ref bPanels, ((nint)(first - from) * maxColumns) + ((nint)j * depth)));
                for (int row = 0; row < m; row += maxRows)
                    for (int first = from; first < to; first += maxDepth)
                    {
                        int rows = Math.Min(maxRows, m - row), depth = Math.Min(maxDepth, to - first);
                        ref float some = ref Unsafe.Add(ref aPanels, keepsA ? (first * allRows) + (row * depth) : 0);
                        if (!keepsA) Pack(a, aTransposed, row, rows, first, depth, TTile.Rows, widened, ref some);
                        MultiplyPanels(rows, columns, depth, in some, in Unsafe.Add(ref bPanels, (nint)(first - from) * maxColumns),
                            ref c[(row * ldc) + column], ldc, accumulate || first > 0, ref tile);
                    }
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPanels(int rows, int columns, int depth, ref readonly float a, ref readonly float b, ref float c,
        nint stride, bool add, ref float tile)
    {
        for (int j = 0; j < columns; j += TTile.Columns)
            for (int i = 0; i < rows; i += TTile.Rows)
            {
                ref float aPanel = ref Unsafe.Add(ref Unsafe.AsRef(in a), (nint)i * depth),
                    bPanel = ref Unsafe.Add(ref Unsafe.AsRef(in b), (nint)j * depth);
                ref float target = ref Unsafe.Add(ref c, (i * stride) + j);
                if (i + TTile.Rows <= rows && j + TTile.Columns <= columns)
                {
                    TTile.Multiply(depth, in aPanel, in bPanel, ref target, stride, add, TTile.Rows);
                    continue;
                }
                int height = Math.Min(TTile.Rows, rows - i), width = Math.Min(TTile.Columns, columns - j);
                TTile.Multiply(depth, in aPanel, in bPanel, ref tile, TTile.Columns, false, height);
                for (int y = 0; y < height; y++)
                    PutPart(ref Unsafe.Add(ref tile, y * TTile.Columns), ref Unsafe.Add(ref target, y * stride), width, add);
            }
    }

    /// <summary>Writes the first elements of a tile's row, or adds them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutPart(ref float sums, ref float target, int width, bool add)
    {
        int x = 0;
        for (; x + Lanes.Count <= width; x += Lanes.Count)
        {
            Vector256<float> some = Vector256.LoadUnsafe(ref sums, (nuint)x);
            if (add) some = Vector256.LoadUnsafe(ref target, (nuint)x) + some;
            some.StoreUnsafe(ref target, (nuint)x);
        }
        for (; x < width; x++)
        {
            ref float element = ref Unsafe.Add(ref target, x);
            element = add ? element + Unsafe.Add(ref sums, x) : Unsafe.Add(ref sums, x);
        }
    }

    /// <summary>Packs lines of a source, which are its columns or its rows.</summary>
    private static void Pack(PanelSource source, bool isColumns, int line, int lines, int first, int depth, int width, Span<float> widened,
        ref float target)
    {
        if (isColumns)
            GemmPacking.FromColumns(in source.GetBlock(first, line, depth, lines, widened, out int stride), stride, lines, depth, width,
                ref target);
        else GemmPacking.FromRows(in source.GetBlock(line, first, lines, depth, widened, out int stride), stride, lines, depth, width,
            ref target);
    }

    /// <summary>The size of equal parts of at most about <paramref name="most"/>, a multiple of the grain.</summary>
    private static int Even(int size, int most, int grain)
    {
        int parts = ((size - 1) / most) + 1, part = ((size - 1) / parts) + 1;
        return (((part - 1) / grain) + 1) * grain;
    }

    private static Span<float> Scratch(int length)
    {
        if (_scratch is null || _scratchLength < length)
        {
            _scratch?.Dispose();
            _scratch = Interop.AlignedBlock.Allocate((long)length * sizeof(float));
            _scratchLength = length;
        }
        return _scratch.GetSpan<float>(0, length);
    }
}
