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

    /// <summary>The floats of a cache line.</summary>
    private const int Line = 16;

    /// <summary>From here on some values of F16 may not be finite: a single one beyond 2^16 would bring as much.</summary>
    private const double MaxSquareOfFloat16 = 1L << 32;

    /// <summary>How a <see cref="Block"/> of a stored type becomes F32, up to a power of two, in memory: from there it is converted to
    /// double with fewer instructions than from a register.</summary>
    private interface IElement<T> where T : unmanaged
    {
        /// <summary>The second eight values that the first eight lanes take; the other lanes take those at 24 - Again and 24.</summary>
        static abstract nuint Again { get; }

        /// <summary>Whether the first eight lanes hold the elements of even places, and the others those of odd ones, in place of both
        /// halves of sixteen.</summary>
        static abstract bool AreTwins { get; }

        /// <summary>What the squares of values are to be multiplied by.</summary>
        static abstract double Scale { get; }

        /// <summary>Where the values lie: in the row itself or in scratch memory.</summary>
        static abstract ref float Widen(ref T row, nuint i, ref float scratch);

        static abstract double Load(T value);
    }

    private readonly struct Single : IElement<float>
    {
        public static nuint Again => 16;
        public static bool AreTwins => false;
        public static double Scale => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ref float Widen(ref float row, nuint i, ref float scratch) => ref Unsafe.Add(ref row, i);

        public static double Load(float value) => value;
    }

    private readonly struct Brain : IElement<ushort>
    {
        public static nuint Again => 8;
        public static bool AreTwins => true;
        public static double Scale => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ref float Widen(ref ushort row, nuint i, ref float scratch)
        {
            Vector512<uint> twins = Vector512.LoadUnsafe(ref row, i).AsUInt32();
            (twins << 16).AsSingle().StoreUnsafe(ref scratch);
            (twins & Vector512.Create(0xffff_0000)).AsSingle().StoreUnsafe(ref scratch, 16);
            return ref scratch;
        }

        public static double Load(ushort value) => HalfPrecision.FromBFloat16(value);
    }

    /// <summary>F16 without infinities and NaN: the bits of a value become those of an F32 that is 2^112 times as small.</summary>
    private readonly struct FiniteHalf : IElement<ushort>
    {
        public static nuint Again => 8;
        public static bool AreTwins => true;
        // 2^224.
        public static double Scale => BitConverter.Int64BitsToDouble((1023L + 224) << 52);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ref float Widen(ref ushort row, nuint i, ref float scratch)
        {
            Vector512<int> twins = Vector512.LoadUnsafe(ref row, i).AsInt32(), mask = Vector512.Create(unchecked((int)0x8fff_e000));
            ((twins << 16 >> 3) & mask).AsSingle().StoreUnsafe(ref scratch);
            ((twins >> 3) & mask).AsSingle().StoreUnsafe(ref scratch, 16);
            return ref scratch;
        }

        public static double Load(ushort value) => HalfPrecision.FromFloat16(value);
    }

    private readonly struct Half : IElement<ushort>
    {
        public static nuint Again => 16;
        public static bool AreTwins => false;
        public static double Scale => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ref float Widen(ref ushort row, nuint i, ref float scratch)
        {
            Vector512<ushort> bits = Vector512.LoadUnsafe(ref row, i);
            HalfPrecision.FromFloat16(Vector512.WidenLower(bits)).StoreUnsafe(ref scratch);
            HalfPrecision.FromFloat16(Vector512.WidenUpper(bits)).StoreUnsafe(ref scratch, 16);
            return ref scratch;
        }

        public static double Load(ushort value) => HalfPrecision.FromFloat16(value);
    }

    /// <summary>The sums over two rows of one type.</summary>
    public static RowMoments Of(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, ElementType type) => type switch
    {
        ElementType.F32 => Of<float, Single>(MemoryMarshal.Cast<byte, float>(before), MemoryMarshal.Cast<byte, float>(after)),
        ElementType.F16 => OfFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
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
            AreSameFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after), out square),
        ElementType.BF16 =>
            AreSame<ushort, Brain>(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after), out square),
        _ => throw type.NotNative(),
    };

    /// <summary>Σa² of one row, the same bits as <see cref="Base"/>.</summary>
    public static double SquareOf(ReadOnlySpan<byte> row, ElementType type) => type switch
    {
        ElementType.F32 => SquareOf<float, Single>(MemoryMarshal.Cast<byte, float>(row)),
        ElementType.F16 => SquareOfFloat16(MemoryMarshal.Cast<byte, ushort>(row)),
        ElementType.BF16 => SquareOf<ushort, Brain>(MemoryMarshal.Cast<byte, ushort>(row)),
        _ => throw type.NotNative(),
    };

    private static RowMoments OfFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        RowMoments moments = Of<ushort, FiniteHalf>(before, after);
        return moments.Base + moments.Tuned < MaxSquareOfFloat16 ? moments : Of<ushort, Half>(before, after);
    }

    private static bool AreSameFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, out double square)
    {
        if (!AreSame<ushort, FiniteHalf>(before, after, out square)) return false;
        if (!(square < MaxSquareOfFloat16)) square = SquareOf<ushort, Half>(before);
        return true;
    }

    private static double SquareOfFloat16(ReadOnlySpan<ushort> row)
    {
        double square = SquareOf<ushort, FiniteHalf>(row);
        return square < MaxSquareOfFloat16 ? square : SquareOf<ushort, Half>(row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static RowMoments Of<T, TElement>(ReadOnlySpan<T> before, ReadOnlySpan<T> after) where T : unmanaged
    where TElement : IElement<T>
    {
        Debug.Assert(before.Length == after.Length && before.Length > 0);
        ref T a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref float scratch = ref Interop.Cache.LineStart(stackalloc float[(2 * Block) + Line]);
        nuint again = TElement.Again, upperPlace = 24 - again;
        Sums lower = default, upper = default;
        int i = 0;
        for (; i + Block <= before.Length; i += Block)
        {
            ref float x = ref TElement.Widen(ref a, (nuint)i, ref scratch);
            ref float y = ref TElement.Widen(ref b, (nuint)i, ref Unsafe.Add(ref scratch, Block));
            lower.Add(Double(ref x, 0), Double(ref y, 0));
            upper.Add(Double(ref x, upperPlace), Double(ref y, upperPlace));
            lower.Add(Double(ref x, again), Double(ref y, again));
            upper.Add(Double(ref x, 24), Double(ref y, 24));
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
        return new(Total<T, TElement>(lower.Base, upper.Base) + tailA, Total<T, TElement>(lower.Tuned, upper.Tuned) + tailB,
            Total<T, TElement>(lower.Delta, upper.Delta) + tailD, Total<T, TElement>(lower.Product, upper.Product) + tailP);
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
        ref float scratch = ref Interop.Cache.LineStart(stackalloc float[Block + Line]);
        Vector512<double> lower = default, upper = default;
        square = double.NaN;
        int i = 0;
        for (; i + Block <= before.Length; i += Block)
        {
            for (int k = i; k < i + Block; k += Vector512<byte>.Count / Unsafe.SizeOf<T>())
                if (Vector512.LoadUnsafe(ref Unsafe.As<T, byte>(ref Unsafe.Add(ref a, k)))
                    != Vector512.LoadUnsafe(ref Unsafe.As<T, byte>(ref Unsafe.Add(ref b, k))))
                {
                    return false;
                }
            ref float x = ref TElement.Widen(ref a, (nuint)i, ref scratch);
            AddSquares<T, TElement>(ref x, ref lower, ref upper);
            for (int line = 0; line < Block; line += 64 / Unsafe.SizeOf<T>())
            {
                Interop.Cache.Prefetch(ref a, before.Length + i + line);
                Interop.Cache.Prefetch(ref b, before.Length + i + line);
            }
        }
        if (!MemoryMarshal.AsBytes(before[i..]).SequenceEqual(MemoryMarshal.AsBytes(after[i..]))) return false;
        double tail = 0;
        for (; i < before.Length; i++) tail += TElement.Load(Unsafe.Add(ref a, i)) * TElement.Load(Unsafe.Add(ref a, i));
        square = Total<T, TElement>(lower, upper) + tail;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SquareOf<T, TElement>(ReadOnlySpan<T> row) where T : unmanaged where TElement : IElement<T>
    {
        ref T a = ref MemoryMarshal.GetReference(row);
        ref float scratch = ref Interop.Cache.LineStart(stackalloc float[Block + Line]);
        Vector512<double> lower = default, upper = default;
        int i = 0;
        for (; i + Block <= row.Length; i += Block)
        {
            ref float x = ref TElement.Widen(ref a, (nuint)i, ref scratch);
            AddSquares<T, TElement>(ref x, ref lower, ref upper);
        }
        double tail = 0;
        for (; i < row.Length; i++) tail += TElement.Load(Unsafe.Add(ref a, i)) * TElement.Load(Unsafe.Add(ref a, i));
        return Total<T, TElement>(lower, upper) + tail;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSquares<T, TElement>(ref float values, ref Vector512<double> lower, ref Vector512<double> upper)
    where T : unmanaged where TElement : IElement<T>
    {
        Vector512<double> v = Double(ref values, 0), w = Double(ref values, 24 - TElement.Again);
        lower = Vector512.MultiplyAddEstimate(v, v, lower);
        upper = Vector512.MultiplyAddEstimate(w, w, upper);
        v = Double(ref values, TElement.Again);
        w = Double(ref values, 24);
        lower = Vector512.MultiplyAddEstimate(v, v, lower);
        upper = Vector512.MultiplyAddEstimate(w, w, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Double(ref float values, nuint at) =>
        Vector512.WidenLower(Vector256.LoadUnsafe(ref values, at).ToVector512Unsafe());

    // Inlined, because a vector that is passed on lives in memory throughout the loop that fills it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Total<T, TElement>(Vector512<double> lower, Vector512<double> upper) where T : unmanaged
    where TElement : IElement<T>
    {
        double sum;
        if (TElement.AreTwins)
        {
            Vector256<double> even = lower.GetLower() + lower.GetUpper(), odd = upper.GetLower() + upper.GetUpper();
            sum = even[0] + odd[0] + even[1] + odd[1] + even[2] + odd[2] + even[3] + odd[3];
        }
        else
        {
            Vector512<double> all = lower + upper;
            sum = all[0] + all[1] + all[2] + all[3] + all[4] + all[5] + all[6] + all[7];
        }
        return sum * TElement.Scale;
    }
}
