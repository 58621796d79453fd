using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace KsLottery.Engine.Operations;

/// <summary>Copies blocks of a matrix into panels (depth, width), padded with zeros to the full width, that a tile reads from end to
/// end.</summary>
/// <remarks>
/// Everything moves by eights. Where the width is no multiple of eight, the last eight of a line run over into the next line, which is
/// written later, or behind the last panel: the target needs room for eight floats more than its panels hold.
/// </remarks>
internal static class GemmPacking
{
    private const int Eight = 8, LineFloats = 16;

    /// <summary>How many steps before its turn a row is fetched, since rows of a wide matrix lie in pages of their own.</summary>
    private const int Ahead = 8;

    /// <summary>Packs a matrix whose rows run along the depth: each row becomes a column of a panel.</summary>
    /// <param name="source">The first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="depth">Elements of a row.</param>
    /// <param name="width">The width of a panel: a multiple of eight, or two less.</param>
    /// <param name="target">The first panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromRows(ref readonly float source, nint stride, int count, int depth, int width, ref float target)
    {
        ref float from = ref Unsafe.AsRef(in source);
        for (; count > 0; count -= width)
        {
            int p = 0;
            for (; p + 4 <= depth; p += 4)
                for (int row = (width - 1) & -Eight; row >= 0; row -= Eight)
                {
                    ref float rows = ref Unsafe.Add(ref from, (row * stride) + p), to = ref Unsafe.Add(ref target, ((nint)p * width) + row);
                    if (p % LineFloats == 0)
                        for (nint i = 0; i < Eight; i++) Interop.Cache.Prefetch(in rows, (width + i) * stride);
                    if (count >= width || count - row >= Eight) Transpose(ref rows, stride, width - row, width, ref to);
                    else
                        for (int line = 0; line < 4; line++)
                            PutSome(ref Unsafe.Add(ref rows, line), stride, count - row, Math.Min(Eight, width - row),
                                ref Unsafe.Add(ref to, line * width));
                }
            for (; p < depth; p++)
                PutSome(ref Unsafe.Add(ref from, p), stride, count, width, ref Unsafe.Add(ref target, (nint)p * width));
            from = ref Unsafe.Add(ref from, width * stride);
            target = ref Unsafe.Add(ref target, (nint)width * depth);
        }
    }

    /// <summary>Packs a matrix whose columns run along the depth: a run of each row goes to each panel.</summary>
    /// <param name="source">The first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="count">Columns.</param>
    /// <param name="depth">Rows.</param>
    /// <param name="width">The width of a panel: a multiple of eight, or two less.</param>
    /// <param name="target">The first panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromColumns(ref readonly float source, nint stride, int count, int depth, int width, ref float target)
    {
        nint panel = (nint)width * depth;
        int eights = (width + Eight - 1) & -Eight;
        for (int p = 0; p < depth; p++)
        {
            ref float from = ref Unsafe.Add(ref Unsafe.AsRef(in source), p * stride), to = ref Unsafe.Add(ref target, p * width);
            int left = count;
            for (nint i = 0; i < count; i += LineFloats) Interop.Cache.Prefetch(in from, (Ahead * stride) + i);
            // The last line of a panel may not run over into the next panel.
            for (int whole = p < depth - 1 || eights == width ? eights : int.MaxValue; left >= whole; left -= width)
            {
                Vector256.LoadUnsafe(in from).StoreUnsafe(ref to);
                for (int i = Eight; i < width; i += Eight) Vector256.LoadUnsafe(in from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
                from = ref Unsafe.Add(ref from, width);
                to = ref Unsafe.Add(ref to, panel);
            }
            for (; left > 0; left -= width)
            {
                int i = 0;
                for (; i + Eight <= Math.Min(left, width); i += Eight)
                    Vector256.LoadUnsafe(in from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
                for (; i < width; i++) Unsafe.Add(ref to, i) = i < left ? Unsafe.Add(ref from, i) : 0;
                from = ref Unsafe.Add(ref from, width);
                to = ref Unsafe.Add(ref to, panel);
            }
        }
    }

    /// <summary>A line of a panel from elements of rows, 0 where there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutSome(ref float source, nint stride, int count, int width, ref float target)
    {
        for (int row = 0; row < width; row++) Unsafe.Add(ref target, row) = row < count ? Unsafe.Add(ref source, row * stride) : 0;
    }

    /// <summary>Four elements of each of eight rows become four lines of eight; rows beyond <paramref name="rows"/> repeat
    /// others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref float source, nint stride, int rows, nint width, ref float target)
    {
        ref float upper = ref Unsafe.Add(ref source, 4 * stride);
        nint third = rows > 6 ? 2 * stride : 0, fourth = rows > 6 ? 3 * stride : stride;
        Vector256<float> v0 = Pair(ref source, ref upper, 0, 0), v1 = Pair(ref source, ref upper, stride, stride);
        Vector256<float> v2 = Pair(ref source, ref upper, 2 * stride, third), v3 = Pair(ref source, ref upper, 3 * stride, fourth);
        Vector256<float> low02 = ZipLow(v0, v2), low13 = ZipLow(v1, v3), high02 = ZipHigh(v0, v2), high13 = ZipHigh(v1, v3);
        ZipLow(low02, low13).StoreUnsafe(ref target);
        ZipHigh(low02, low13).StoreUnsafe(ref target, (nuint)width);
        ZipLow(high02, high13).StoreUnsafe(ref target, (nuint)(2 * width));
        ZipHigh(high02, high13).StoreUnsafe(ref target, (nuint)(3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(ref float lower, ref float upper, nint lowerOffset, nint upperOffset) =>
        Vector256.Create(Vector128.LoadUnsafe(ref lower, (nuint)lowerOffset), Vector128.LoadUnsafe(ref upper, (nuint)upperOffset));

    /// <summary>x₀ y₀ x₁ y₁ of each half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ZipLow(Vector256<float> x, Vector256<float> y) => Avx.IsSupported ? Avx.UnpackLow(x, y)
        : Vector256.Create(ZipLow(x.GetLower(), y.GetLower()), ZipLow(x.GetUpper(), y.GetUpper()));

    /// <summary>x₂ y₂ x₃ y₃ of each half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ZipHigh(Vector256<float> x, Vector256<float> y) => Avx.IsSupported ? Avx.UnpackHigh(x, y)
        : Vector256.Create(ZipHigh(x.GetLower(), y.GetLower()), ZipHigh(x.GetUpper(), y.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ZipLow(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackLow(x, y)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(x, y) : Vector128.Create(x[0], y[0], x[1], y[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ZipHigh(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackHigh(x, y)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(x, y) : Vector128.Create(x[2], y[2], x[3], y[3]);
}
