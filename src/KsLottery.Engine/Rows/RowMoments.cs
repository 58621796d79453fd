using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Sums over one row pair: Σa², Σb², Σ(b-a)² and Σab.</summary>
/// <remarks>
/// In double, in sixteen lanes that are added up in one fixed order: the same bits on every processor. Products of two F32 values are exact
/// in double, so that it does not matter whether they are fused with the addition; (b-a)² is not, and is never fused.
/// </remarks>
internal readonly record struct RowMoments(double Base, double Tuned, double Delta, double Product)
{
    // Fixed, whatever the vector width: it sets the order of the sums, and with it their last bits.
    private const int Block = 32;

    /// <summary>How 32 elements of a stored type become F32 vectors.</summary>
    private interface IElement<T> where T : unmanaged
    {
        static abstract Vector512<float> LoadLower(ref T row, nuint i);
        static abstract Vector512<float> LoadUpper(ref T row, nuint i);
        static abstract double Load(T value);
    }

    private readonly struct Single : IElement<float>
    {
        public static Vector512<float> LoadLower(ref float row, nuint i) => Vector512.LoadUnsafe(ref row, i);
        public static Vector512<float> LoadUpper(ref float row, nuint i) => Vector512.LoadUnsafe(ref row, i + 16);
        public static double Load(float value) => value;
    }

    private readonly struct Brain : IElement<ushort>
    {
        public static Vector512<float> LoadLower(ref ushort row, nuint i) =>
            HalfPrecision.FromBFloat16(Vector512.WidenLower(Vector512.LoadUnsafe(ref row, i)));
        public static Vector512<float> LoadUpper(ref ushort row, nuint i) =>
            HalfPrecision.FromBFloat16(Vector512.WidenUpper(Vector512.LoadUnsafe(ref row, i)));
        public static double Load(ushort value) => HalfPrecision.FromBFloat16(value);
    }

    // The twin of Brain: a number format as a parameter would cost a branch in the inmost loop.
    private readonly struct Half : IElement<ushort>
    {
        public static Vector512<float> LoadLower(ref ushort row, nuint i) =>
            HalfPrecision.FromFloat16(Vector512.WidenLower(Vector512.LoadUnsafe(ref row, i)));
        public static Vector512<float> LoadUpper(ref ushort row, nuint i) =>
            HalfPrecision.FromFloat16(Vector512.WidenUpper(Vector512.LoadUnsafe(ref row, i)));
        public static double Load(ushort value) => HalfPrecision.FromFloat16(value);
    }

    /// <summary>The sums over two rows of one type.</summary>
    public static RowMoments Of(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, ElementType type) => type switch
    {
        ElementType.F32 => Of<float, Single>(MemoryMarshal.Cast<byte, float>(before), MemoryMarshal.Cast<byte, float>(after)),
        ElementType.F16 => Of<ushort, Half>(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
        ElementType.BF16 => Of<ushort, Brain>(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
        _ => throw type.NotNative(),
    };

    /// <summary>Whether two rows of one type have the same bits; where they do, their Σa². One pass that fetches the next row pair
    /// meanwhile.</summary>
    public static bool AreSame(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, ElementType type, out double square) => type switch
    {
        ElementType.F32 =>
            AreSame<float, Single>(MemoryMarshal.Cast<byte, float>(before), MemoryMarshal.Cast<byte, float>(after), out square),
        ElementType.F16 =>
            AreSame<ushort, Half>(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after), out square),
        ElementType.BF16 =>
            AreSame<ushort, Brain>(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after), out square),
        _ => throw type.NotNative(),
    };

    /// <summary>Σa² of one row, the same bits as <see cref="Base"/>.</summary>
    public static double SquareOf(ReadOnlySpan<byte> row, ElementType type) => type switch
    {
        ElementType.F32 => SquareOf<float, Single>(MemoryMarshal.Cast<byte, float>(row)),
        ElementType.F16 => SquareOf<ushort, Half>(MemoryMarshal.Cast<byte, ushort>(row)),
        ElementType.BF16 => SquareOf<ushort, Brain>(MemoryMarshal.Cast<byte, ushort>(row)),
        _ => throw type.NotNative(),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static RowMoments Of<T, TElement>(ReadOnlySpan<T> before, ReadOnlySpan<T> after) where T : unmanaged
    where TElement : IElement<T>
    {
        Debug.Assert(before.Length == after.Length && before.Length > 0);
        ref T a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Sums lower = default, upper = default;
        int i = 0;
        for (; i + Block <= before.Length; i += Block)
        {
            Vector512<float> x = TElement.LoadLower(ref a, (nuint)i), y = TElement.LoadLower(ref b, (nuint)i);
            lower.Add(Vector512.WidenLower(x), Vector512.WidenLower(y));
            upper.Add(Vector512.WidenUpper(x), Vector512.WidenUpper(y));
            x = TElement.LoadUpper(ref a, (nuint)i);
            y = TElement.LoadUpper(ref b, (nuint)i);
            lower.Add(Vector512.WidenLower(x), Vector512.WidenLower(y));
            upper.Add(Vector512.WidenUpper(x), Vector512.WidenUpper(y));
        }
        double tailA = 0, tailB = 0, tailD = 0, tailP = 0;
        for (; i < before.Length; i++)
        {
            double x = TElement.Load(Unsafe.Add(ref a, i)), y = TElement.Load(Unsafe.Add(ref b, i));
            tailA += x * x;
            tailB += y * y;
            tailD += (y - x) * (y - x);
            tailP += x * y;
        }
        return new(Total(lower.Base + upper.Base) + tailA, Total(lower.Tuned + upper.Tuned) + tailB,
            Total(lower.Delta + upper.Delta) + tailD, Total(lower.Product + upper.Product) + tailP);
    }

    private struct Sums
    {
        public Vector512<double> Base, Tuned, Delta, Product;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector512<double> x, Vector512<double> y)
        {
            Vector512<double> d = y - x;
            Base = Vector512.MultiplyAddEstimate(x, x, Base);
            Tuned = Vector512.MultiplyAddEstimate(y, y, Tuned);
            Product = Vector512.MultiplyAddEstimate(x, y, Product);
            Delta += d * d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AreSame<T, TElement>(ReadOnlySpan<T> before, ReadOnlySpan<T> after, out double square) where T : unmanaged
    where TElement : IElement<T>
    {
        ref T a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Vector512<double> lower = default, upper = default;
        square = double.NaN;
        int i = 0;
        for (; i + Block <= before.Length; i += Block)
        {
            Vector512<float> x = TElement.LoadLower(ref a, (nuint)i), y = TElement.LoadUpper(ref a, (nuint)i);
            Vector512<int> different = (x.AsInt32() ^ TElement.LoadLower(ref b, (nuint)i)
                .AsInt32()) | (y.AsInt32() ^ TElement.LoadUpper(ref b, (nuint)i).AsInt32());
            if (different != Vector512<int>.Zero) return false;
            Vector512<double> v = Vector512.WidenLower(x), w = Vector512.WidenUpper(x);
            lower = Vector512.MultiplyAddEstimate(v, v, lower);
            upper = Vector512.MultiplyAddEstimate(w, w, upper);
            v = Vector512.WidenLower(y);
            w = Vector512.WidenUpper(y);
            lower = Vector512.MultiplyAddEstimate(v, v, lower);
            upper = Vector512.MultiplyAddEstimate(w, w, upper);
            for (int line = 0; line < Block; line += 64 / Unsafe.SizeOf<T>())
            {
                Interop.Cache.Prefetch(ref a, before.Length + i + line);
                Interop.Cache.Prefetch(ref b, before.Length + i + line);
            }
        }
        if (!MemoryMarshal.AsBytes(before[i..]).SequenceEqual(MemoryMarshal.AsBytes(after[i..]))) return false;
        double tail = 0;
        for (; i < before.Length; i++) tail += TElement.Load(Unsafe.Add(ref a, i)) * TElement.Load(Unsafe.Add(ref a, i));
        square = Total(lower + upper) + tail;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SquareOf<T, TElement>(ReadOnlySpan<T> row) where T : unmanaged where TElement : IElement<T>
    {
        ref T a = ref MemoryMarshal.GetReference(row);
        Vector512<double> lower = default, upper = default;
        int i = 0;
        for (; i + Block <= row.Length; i += Block)
        {
            Vector512<float> x = TElement.LoadLower(ref a, (nuint)i), y = TElement.LoadUpper(ref a, (nuint)i);
            Vector512<double> v = Vector512.WidenLower(x), w = Vector512.WidenUpper(x);
            lower = Vector512.MultiplyAddEstimate(v, v, lower);
            upper = Vector512.MultiplyAddEstimate(w, w, upper);
            v = Vector512.WidenLower(y);
            w = Vector512.WidenUpper(y);
            lower = Vector512.MultiplyAddEstimate(v, v, lower);
            upper = Vector512.MultiplyAddEstimate(w, w, upper);
        }
        double tail = 0;
        for (; i < row.Length; i++) tail += TElement.Load(Unsafe.Add(ref a, i)) * TElement.Load(Unsafe.Add(ref a, i));
        return Total(lower + upper) + tail;
    }

    private static double Total(Vector512<double> lanes)
    {
        double sum = 0;
        for (int i = 0; i < Vector512<double>.Count; i++) sum += lanes[i];
        return sum;
    }
}
