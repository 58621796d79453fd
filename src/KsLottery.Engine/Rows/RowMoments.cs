using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Rows;

/// <summary>Sums over one row pair: Σa², Σb², Σ(b-a)² and Σab, and the range of a.</summary>
/// <remarks>
/// In double, in eight lanes that are added up in one fixed order, without fused operations where these could round differently: the
/// same bits on every processor. a², b² and ab of F32 values are exact in double.
/// </remarks>
internal readonly record struct RowMoments(double Base, double Tuned, double Delta, double Product, float Least, float Greatest)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowMoments Of(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        Debug.Assert(before.Length == after.Length && before.Length > 0);
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Vector512<double> sumA = default, sumB = default, sumD = default, sumP = default;
        Vector512<float> least = Vector512.Create(a), greatest = least;
        int i = 0;
        for (; i + 16 <= before.Length; i += 16)
        {
            Vector512<float> x = Vector512.LoadUnsafe(ref a, (nuint)i), y = Vector512.LoadUnsafe(ref b, (nuint)i);
            least = Vector512.MinNative(least, x);
            greatest = Vector512.MaxNative(greatest, x);
            Accumulate(Vector512.WidenLower(x), Vector512.WidenLower(y));
            Accumulate(Vector512.WidenUpper(x), Vector512.WidenUpper(y));
        }
        double tailA = 0, tailB = 0, tailD = 0, tailP = 0;
        for (; i < before.Length; i++)
        {
            double x = Unsafe.Add(ref a, i), y = Unsafe.Add(ref b, i);
            least = Vector512.MinNative(least, Vector512.Create((float)x));
            greatest = Vector512.MaxNative(greatest, Vector512.Create((float)x));
            tailA += x * x;
            tailB += y * y;
            tailD += (y - x) * (y - x);
            tailP += x * y;
        }
        return new(Add(sumA) + tailA, Add(sumB) + tailB, Add(sumD) + tailD, Add(sumP) + tailP, Smallest(least), -Smallest(-greatest));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Accumulate(Vector512<double> x, Vector512<double> y)
        {
            Vector512<double> d = y - x;
            sumA += x * x;
            sumB += y * y;
            sumD += d * d;
            sumP += x * y;
        }
    }

    /// <summary>Whether two F32 rows have the same bits; where they do, their Σa². One pass at the speed of reading.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreSame(ReadOnlySpan<float> before, ReadOnlySpan<float> after, out double square)
    {
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Vector512<double> sum = default;
        square = double.NaN;
        int i = 0;
        for (; i + 16 <= before.Length; i += 16)
        {
            Vector512<float> v = Vector512.LoadUnsafe(ref a, (nuint)i);
            if (!Vector512.EqualsAll(v.AsInt32(), Vector512.LoadUnsafe(ref b, (nuint)i).AsInt32())) return false;
            AddSquares(ref sum, v);
        }
        if (!MemoryMarshal.AsBytes(before[i..]).SequenceEqual(MemoryMarshal.AsBytes(after[i..]))) return false;
        double tail = 0;
        for (; i < before.Length; i++) tail += (double)Unsafe.Add(ref a, i) * Unsafe.Add(ref a, i);
        square = Add(sum) + tail;
        return true;
    }

    /// <summary>The same for two BF16 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreSameBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, out double square)
    {
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Vector512<double> sum = default;
        square = double.NaN;
        int i = 0;
        for (; i + 32 <= before.Length; i += 32)
        {
            Vector512<ushort> v = Vector512.LoadUnsafe(ref a, (nuint)i);
            if (!Vector512.EqualsAll(v, Vector512.LoadUnsafe(ref b, (nuint)i))) return false;
            AddSquares(ref sum, (Vector512.WidenLower(v) << 16).AsSingle());
            AddSquares(ref sum, (Vector512.WidenUpper(v) << 16).AsSingle());
        }
        if (!before[i..].SequenceEqual(after[i..])) return false;
        double tail = 0;
        for (; i < before.Length; i++)
        {
            double x = BitConverter.UInt32BitsToSingle((uint)Unsafe.Add(ref a, i) << 16);
            tail += x * x;
        }
        square = Add(sum) + tail;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSquares(ref Vector512<double> sum, Vector512<float> v)
    {
        Vector512<double> x = Vector512.WidenLower(v), y = Vector512.WidenUpper(v);
        sum += x * x;
        sum += y * y;
    }

    private static double Add(Vector512<double> v)
    {
        double sum = 0;
        for (int i = 0; i < 8; i++) sum += v[i];
        return sum;
    }

    private static float Smallest(Vector512<float> v)
    {
        float least = v[0];
        for (int i = 1; i < 16; i++) least = MathF.Min(least, v[i]);
        return least;
    }
}
