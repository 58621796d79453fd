using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Sixteen F32 lanes, whatever vectors the processor has: the same order of sums, hence the same bits, on each of them.</summary>
/// <remarks>Loops go by <see cref="Count"/>; <see cref="Load"/> and <see cref="Store"/> see to the incomplete last step.</remarks>
internal static class Lanes
{
    public const int Count = 16;

    /// <summary>Elements i to i + 15; those beyond the end are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ReadOnlySpan<float> source, int i) => i <= source.Length - Count
        ? Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)i)
        : LoadRest(source[i..]);

    /// <summary>Writes elements i to i + 15; those beyond the end are left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(this Vector512<float> values, Span<float> destination, int i)
    {
        if (i <= destination.Length - Count) values.StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)i);
        else StoreRest(values, destination[i..]);
    }

    /// <summary>x·y + z, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> x, Vector512<float> y, Vector512<float> z) => Vector512.FusedMultiplyAdd(x, y, z);

    /// <summary>eˣ with an error of about one unit in the last place; 0 below the least normal number.</summary>
    /// <remarks>
    /// x = n·ln 2 + r with |r| ≤ ln 2 / 2, eʳ as a polynomial that interpolates (eʳ - 1 - r) / r² at five Chebyshev points, and n added to
    /// the exponent. Adding 1.5·2²³ rounds x / ln 2 and leaves n in the lowest bits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        const float Rounder = 12582912f, Least = -87.33654f, Most = 88.72283f;
        const float C0 = 0.5f, C1 = 0.166665778f, C2 = 0.0416665561f, C3 = 0.00836317334f, C4 = 0.00139261759f;
        Vector512<float> shifted = MultiplyAdd(x, Vector512.Create(1.44269502f), Vector512.Create(Rounder)), n = shifted - Vector512.Create(Rounder);
        Vector512<float> r = MultiplyAdd(n, Vector512.Create(1.90465421e-9f), MultiplyAdd(n, Vector512.Create(-0.693147182f), x));
        Vector512<float> p = MultiplyAdd(r, Vector512.Create(C4), Vector512.Create(C3));
        p = MultiplyAdd(p, r, Vector512.Create(C2));
        p = MultiplyAdd(p, r, Vector512.Create(C1));
        p = MultiplyAdd(p, r, Vector512.Create(C0));
        p = MultiplyAdd(p, r * r, r) + Vector512<float>.One;
        Vector512<float> value = (p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
        value = Vector512.AndNot(value, Vector512.LessThan(x, Vector512.Create(Least)));
        return Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(Most)), Vector512.Create(float.PositiveInfinity), value);
    }

    /// <summary>The sum of the lanes, halves added to halves.</summary>
    public static float Sum(Vector512<float> values)
    {
        Vector256<float> eight = values.GetLower() + values.GetUpper();
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }

    /// <summary>The greatest lane; NaN if any is.</summary>
    public static float Max(Vector512<float> values)
    {
        Vector256<float> eight = Vector256.Max(values.GetLower(), values.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    /// <summary>The greatest element, and NaN if any is NaN; -∞ of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max(ReadOnlySpan<float> values)
    {
        Vector512<float> max = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= values.Length - Count; i += Count) max = Vector512.Max(max, Load(values, i));
        float greatest = Max(max);
        for (; i < values.Length; i++) greatest = MathF.Max(greatest, values[i]);
        return greatest;
    }

    /// <summary>x += y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(Span<float> x, ReadOnlySpan<float> y)
    {
        for (int i = 0; i < x.Length; i += Count) (Load(x, i) + Load(y, i)).Store(x, i);
    }

    /// <summary>Σ x·y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector512<float> sum = default;
        for (int i = 0; i < x.Length; i += Count) sum = MultiplyAdd(Load(x, i), Load(y, i), sum);
        return Sum(sum);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadRest(ReadOnlySpan<float> source)
    {
        Vector512<float> values = default;
        source.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<Vector512<float>, float>(ref values), Count));
        return values;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreRest(Vector512<float> values, Span<float> destination) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Vector512<float>, float>(ref values), Count)[..destination.Length].CopyTo(destination);
}
