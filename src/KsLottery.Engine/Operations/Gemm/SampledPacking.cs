using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Turns columns of a matrix into lines in which the rows of all blocks that are summed side by side alternate.</summary>
internal static class SampledPacking
{
    /// <summary>The most columns at a time: two cache lines of each row.</summary>
    public const int MaxColumns = 32;

    private const int Four = 4, LineFloats = 16;

    /// <summary>How many steps before its turn a row is fetched, since rows of a wide matrix lie in pages of their own: a third less time
    /// for dy of 32,000 columns, measured.</summary>
    private const int Ahead = 4;

    /// <summary>A row of x, or of dy, that is not there.</summary>
    /// <remarks>Its products are -0: x + (-0) is x for every x, whereas -0 + 0 would be 0.</remarks>
    private static readonly float[] NoInput = new float[MaxColumns], NoGradient = [.. Enumerable.Repeat(-0f, MaxColumns)];

    /// <summary>Packs some columns.</summary>
    /// <remarks>
    /// Of row b·depth + i a line has the element at i·lanes + b; with one lane they stand as in the matrix. Either way four rows at a time
    /// become four neighbours.
    /// </remarks>
    /// <param name="source">The first column's element in the first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="rows">Rows, at most those of a line.</param>
    /// <param name="columns">Columns, at most <see cref="MaxColumns"/>.</param>
    /// <param name="isGradient">Whether the matrix is dy and not x.</param>
    /// <param name="shape">How lines are made.</param>
    /// <param name="target">The first line.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(ref readonly float source, nint stride, int rows, int columns, bool isGradient, SampledShape shape,
        ref float target)
    {
        int depth = shape.Depth, between = shape.Lanes == 1 ? 1 : depth, step = shape.Lanes == 1 ? Four : 1;
        nint line = shape.Line, line2 = 2 * line, line3 = 3 * line;
        ref float first = ref Unsafe.AsRef(in source), none = ref MemoryMarshal.GetArrayDataReference(isGradient ? NoGradient : NoInput);
        for (int row = 0; row < depth; row += step)
        {
            int second = row + between, third = second + between, fourth = third + between;
            ref float a = ref row < rows ? ref Unsafe.Add(ref first, row * stride) : ref none,
                b = ref second < rows ? ref Unsafe.Add(ref first, second * stride) : ref none,
                c = ref third < rows ? ref Unsafe.Add(ref first, third * stride) : ref none,
                d = ref fourth < rows ? ref Unsafe.Add(ref first, fourth * stride) : ref none;
            ref float to = ref target;
            for (nint ahead = Ahead * step * stride, end = ahead + columns; ahead < end; ahead += LineFloats)
            {
                Interop.Cache.Prefetch(in a, ahead);
                Interop.Cache.Prefetch(in b, ahead);
                Interop.Cache.Prefetch(in c, ahead);
                Interop.Cache.Prefetch(in d, ahead);
            }
            nint column = 0;
            for (; column + Four <= columns; column += Four)
            {
                Vector128<float> va = Vector128.LoadUnsafe(ref a, (nuint)column), vb = Vector128.LoadUnsafe(ref b, (nuint)column),
                    vc = Vector128.LoadUnsafe(ref c, (nuint)column), vd = Vector128.LoadUnsafe(ref d, (nuint)column);
                Vector128<float> low = GemmPacking.ZipLow(va, vc), low2 = GemmPacking.ZipLow(vb, vd);
                GemmPacking.ZipLow(low, low2).StoreUnsafe(ref to);
                GemmPacking.ZipHigh(low, low2).StoreUnsafe(ref Unsafe.Add(ref to, line));
                Vector128<float> high = GemmPacking.ZipHigh(va, vc), high2 = GemmPacking.ZipHigh(vb, vd);
                GemmPacking.ZipLow(high, high2).StoreUnsafe(ref Unsafe.Add(ref to, line2));
                GemmPacking.ZipHigh(high, high2).StoreUnsafe(ref Unsafe.Add(ref to, line3));
                to = ref Unsafe.Add(ref to, Four * line);
            }
            for (; column < columns; column++)
            {
                to = Unsafe.Add(ref a, column);
                Unsafe.Add(ref to, 1) = Unsafe.Add(ref b, column);
                Unsafe.Add(ref to, 2) = Unsafe.Add(ref c, column);
                Unsafe.Add(ref to, 3) = Unsafe.Add(ref d, column);
                to = ref Unsafe.Add(ref to, line);
            }
            target = ref Unsafe.Add(ref target, Four);
        }
    }
}
