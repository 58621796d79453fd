using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Turns columns of a matrix into lines in which the rows of all blocks that are summed side by side alternate.</summary>
internal static class SampledPacking
{
    private const int Four = 4;

    /// <summary>Packs some columns.</summary>
    /// <remarks>
    /// Of row b·depth + i a line has the element at i·lanes + b; with one lane they stand as in the matrix. Either way four rows at a time
    /// become four neighbours.
    /// </remarks>
    /// <param name="source">The first column's element in the first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="rows">Rows, at most depth · lanes.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="depth">Rows of a block, a multiple of four.</param>
    /// <param name="lanes">Blocks: 1 or 4.</param>
    /// <param name="missing">Stands for rows behind the last.</param>
    /// <param name="target">The first line.</param>
    /// <param name="line">Elements from one line to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(ref readonly float source, nint stride, int rows, int columns, int depth, int lanes, float missing,
        ref float target, nint line)
    {
        (int between, int step) = lanes == 1 ? (1, Four) : (depth, 1);
        nint next = between * stride;
        Vector128<float> none = Vector128.Create(missing);
        ref float first = ref Unsafe.AsRef(in source);
        for (int row = 0, at = 0; row < depth; row += step, at += Four)
        {
            ref float from = ref Unsafe.Add(ref first, row * stride), to = ref Unsafe.Add(ref target, at);
            int present = row >= rows ? 0 : Math.Min(((rows - 1 - row) / between) + 1, Four);
            int column = 0;
            for (; column + Four <= columns; column += Four)
            {
                Vector128<float> a = present > 0 ? Vector128.LoadUnsafe(ref from) : none,
                    b = present > 1 ? Vector128.LoadUnsafe(ref Unsafe.Add(ref from, next)) : none,
                    c = present > 2 ? Vector128.LoadUnsafe(ref Unsafe.Add(ref from, 2 * next)) : none,
                    d = present > 3 ? Vector128.LoadUnsafe(ref Unsafe.Add(ref from, 3 * next)) : none;
                Vector128<float> low02 = GemmPacking.ZipLow(a, c), low13 = GemmPacking.ZipLow(b, d),
                    high02 = GemmPacking.ZipHigh(a, c), high13 = GemmPacking.ZipHigh(b, d);
                GemmPacking.ZipLow(low02, low13).StoreUnsafe(ref to);
                GemmPacking.ZipHigh(low02, low13).StoreUnsafe(ref Unsafe.Add(ref to, line));
                GemmPacking.ZipLow(high02, high13).StoreUnsafe(ref Unsafe.Add(ref to, 2 * line));
                GemmPacking.ZipHigh(high02, high13).StoreUnsafe(ref Unsafe.Add(ref to, 3 * line));
                from = ref Unsafe.Add(ref from, Four);
                to = ref Unsafe.Add(ref to, Four * line);
            }
            for (; column < columns; column++)
            {
                for (int i = 0; i < Four; i++) Unsafe.Add(ref to, i) = i < present ? Unsafe.Add(ref from, i * next) : missing;
                from = ref Unsafe.Add(ref from, 1);
                to = ref Unsafe.Add(ref to, line);
            }
        }
    }
}
