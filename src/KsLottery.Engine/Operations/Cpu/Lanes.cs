using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Eight F32 lanes, whatever vectors the processor has: the same order of sums, hence the same bits, on each of them.</summary>
/// <remarks>
/// Loops go by <see cref="Count"/>; <see cref="Load"/> and <see cref="Store"/> see to the incomplete last step. Sixteen lanes would gain
/// little where memory sets the pace, and are split into many calls on a processor that has only eight.
/// </remarks>
internal static class Lanes
{
    public const int Count = 8;

    /// <summary>The length in whole lanes.</summary>
    public static int RoundUp(int length) => (length + Count - 1) & -Count;

    /// <summary>Elements i to i + 7; those beyond the end are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ReadOnlySpan<float> source, int i) => i <= source.Length - Count
        ? Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)i)
        : LoadRest(source[i..]);

    /// <summary>Writes elements i to i + 7; those beyond the end are left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector256<float> values, Span<float> destination, int i)
    {
        if (i <= destination.Length - Count) values.StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)i);
        else StoreRest(values, destination[i..]);
    }

    /// <summary>x·y + z, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> x, Vector256<float> y, Vector256<float> z) =>
        Vector256.FusedMultiplyAdd(x, y, z);

    /// <summary>eˣ with an error of about one unit in the last place; 0 below the least normal number.</summary>
    /// <remarks>
    /// x = n·ln 2 + r with |r| ≤ ln 2 / 2, eʳ as a polynomial that interpolates (eʳ - 1 - r) / r² at five Chebyshev points, and n added to
    /// the exponent. Adding 1.5·2²³ rounds x / ln 2 and leaves n in the lowest bits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        const float Rounder = 12582912f, Min = -87.33654f, Max = 88.72283f;
        const float C0 = 0.5f, C1 = 0.166665778f, C2 = 0.0416665561f, C3 = 0.00836317334f, C4 = 0.00139261759f;
        Vector256<float> shifted = MultiplyAdd(x, Vector256.Create(1.44269502f), Vector256.Create(Rounder)),
            n = shifted - Vector256.Create(Rounder);
        Vector256<float> r = MultiplyAdd(n, Vector256.Create(1.90465421e-9f), MultiplyAdd(n, Vector256.Create(-0.693147182f), x));
        Vector256<float> p = MultiplyAdd(r, Vector256.Create(C4), Vector256.Create(C3));
        p = MultiplyAdd(p, r, Vector256.Create(C2));
        p = MultiplyAdd(p, r, Vector256.Create(C1));
        p = MultiplyAdd(p, r, Vector256.Create(C0));
        p = MultiplyAdd(p, r * r, r) + Vector256<float>.One;
        Vector256<float> value = (p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
        value = Vector256.AndNot(value, Vector256.LessThan(x, Vector256.Create(Min)));
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256.Create(Max)), Vector256.Create(float.PositiveInfinity),
            value);
    }

    /// <summary>The sum of the lanes, halves added to halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> values)
    {
        Vector128<float> four = values.GetLower() + values.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }

    /// <summary>The greatest element, -∞ of none; whether a NaN counts is left open.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max(ReadOnlySpan<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<float> max = Vector256.Create(float.NegativeInfinity), other = max;
        int i = 0;
        for (; i <= values.Length - (2 * Count); i += 2 * Count)
        {
            max = Vector256.MaxNative(max, Vector256.LoadUnsafe(ref first, (nuint)i));
            other = Vector256.MaxNative(other, Vector256.LoadUnsafe(ref first, (nuint)(i + Count)));
        }
        max = Vector256.MaxNative(max, other);
        float greatest = max[0];
        for (int lane = 1; lane < Count; lane++) greatest = Math.Max(greatest, max[lane]);
        for (; i < values.Length; i++) greatest = Math.Max(greatest, values[i]);
        return greatest;
    }

    /// <summary>Σ x·y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector256<float> sum = default, other = default;
        for (int i = 0; i < x.Length; i += 2 * Count)
        {
            sum = MultiplyAdd(Load(x, i), Load(y, i), sum);
            if (i + Count < x.Length) other = MultiplyAdd(Load(x, i + Count), Load(y, i + Count), other);
        }
        return Sum(sum + other);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> LoadRest(ReadOnlySpan<float> source)
    {
        if (source.Length == Count / 2) return Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(source)).ToVector256();
        Vector256<float> values = default;
        source.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<Vector256<float>, float>(ref values), Count));
        return values;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void StoreRest(Vector256<float> values, Span<float> destination)
    {
        if (destination.Length == Count / 2) values.GetLower().StoreUnsafe(ref MemoryMarshal.GetReference(destination));
        else
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Vector256<float>, float>(ref values), Count)
                [..destination.Length].CopyTo(destination);
    }
}
