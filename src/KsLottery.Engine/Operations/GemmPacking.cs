using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace KsLottery.Engine.Operations;

/// <summary>Copies blocks of a matrix into panels (depth, width), padded with zeros to the full width, that a tile reads from end to end.</summary>
internal static class GemmPacking
{
    /// <summary>Packs a matrix whose rows run along the depth: each row becomes a column of a panel.</summary>
    /// <param name="source">The first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="depth">Elements of a row.</param>
    /// <param name="width">The width of a panel, at least 4.</param>
    /// <param name="target">The first panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromRows(ref readonly float source, nint stride, int count, int depth, int width, ref float target)
    {
        for (; count > 0; count -= width)
        {
            if (count >= width)
            {
                for (int row = 0; row < width; row += 4)
                {
                    int quad = Math.Min(row, width - 4);  // the last four may overlap those before them
                    Transpose4(in Unsafe.Add(ref Unsafe.AsRef(in source), quad * stride), stride, depth, width, ref Unsafe.Add(ref target, quad));
                }
            }
            else
            {
                int row = 0;
                for (; row + 4 <= count; row += 4)
                    Transpose4(in Unsafe.Add(ref Unsafe.AsRef(in source), row * stride), stride, depth, width, ref Unsafe.Add(ref target, row));
                for (; row < width; row++)
                    for (int p = 0; p < depth; p++)
                        Unsafe.Add(ref target, ((nint)p * width) + row) = row < count ? Unsafe.Add(ref Unsafe.AsRef(in source), (row * stride) + p) : 0;
            }
            source = ref Unsafe.Add(ref Unsafe.AsRef(in source), width * stride);
            target = ref Unsafe.Add(ref target, (nint)width * depth);
        }
    }

    /// <summary>Packs a matrix whose columns run along the depth: a run of <paramref name="width"/> of each row goes to each panel.</summary>
    /// <param name="source">The first row.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="count">Columns.</param>
    /// <param name="depth">Rows.</param>
    /// <param name="width">The width of a panel, at least 4.</param>
    /// <param name="target">The first panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromColumns(ref readonly float source, nint stride, int count, int depth, int width, ref float target)
    {
        nint panel = (nint)width * depth;
        for (int p = 0; p < depth; p++)
        {
            ref float from = ref Unsafe.Add(ref Unsafe.AsRef(in source), p * stride), to = ref Unsafe.Add(ref target, (nint)p * width);
            int left = count;
            for (; left >= width; left -= width)
            {
                for (int i = 0; i < width; i += 4)
                {
                    int quad = Math.Min(i, width - 4);
                    Vector128.LoadUnsafe(in from, (nuint)quad).StoreUnsafe(ref to, (nuint)quad);
                }
                from = ref Unsafe.Add(ref from, width);
                to = ref Unsafe.Add(ref to, panel);
            }
            if (left == 0) continue;
            for (int i = 0; i < width; i++) Unsafe.Add(ref to, i) = i < left ? Unsafe.Add(ref from, i) : 0;
        }
    }

    /// <summary>Four rows become four columns of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(ref readonly float source, nint stride, int depth, nint width, ref float target)
    {
        ref float row0 = ref Unsafe.AsRef(in source), row1 = ref Unsafe.Add(ref row0, stride);
        ref float row2 = ref Unsafe.Add(ref row1, stride), row3 = ref Unsafe.Add(ref row2, stride);
        nint p = 0;
        for (; p + 4 <= depth; p += 4)
        {
            Vector128<float> v0 = Vector128.LoadUnsafe(in row0, (nuint)p), v1 = Vector128.LoadUnsafe(in row1, (nuint)p);
            Vector128<float> v2 = Vector128.LoadUnsafe(in row2, (nuint)p), v3 = Vector128.LoadUnsafe(in row3, (nuint)p);
            Vector128<float> low02 = ZipLow(v0, v2), low13 = ZipLow(v1, v3), high02 = ZipHigh(v0, v2), high13 = ZipHigh(v1, v3);
            ZipLow(low02, low13).StoreUnsafe(ref target);
            ZipHigh(low02, low13).StoreUnsafe(ref target, (nuint)width);
            ZipLow(high02, high13).StoreUnsafe(ref target, (nuint)(2 * width));
            ZipHigh(high02, high13).StoreUnsafe(ref target, (nuint)(3 * width));
            target = ref Unsafe.Add(ref target, 4 * width);
        }
        for (; p < depth; p++)
        {
            Vector128.Create(Unsafe.Add(ref row0, p), Unsafe.Add(ref row1, p), Unsafe.Add(ref row2, p), Unsafe.Add(ref row3, p)).StoreUnsafe(ref target);
            target = ref Unsafe.Add(ref target, width);
        }
    }

    /// <summary>x₀ y₀ x₁ y₁.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackLow(x, y)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(x, y) : Vector128.Create(x[0], y[0], x[1], y[1]);

    /// <summary>x₂ y₂ x₃ y₃.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> x, Vector128<float> y) => Sse.IsSupported ? Sse.UnpackHigh(x, y)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(x, y) : Vector128.Create(x[2], y[2], x[3], y[3]);
}
