using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>The two 16-bit types to F32 and back: a value, or a row; what their <see cref="ElementCodec"/>s do.</summary>
/// <remarks>
/// Widening is exact. Narrowing rounds to nearest, ties to even (IEEE 754-2019, 4.3.1); a NaN stays a NaN. Kernels are translated and
/// cannot call this: what they convert themselves is meant as its twin.
/// </remarks>
internal static class HalfPrecision
{
    /// <summary>bfloat16: the upper half of a binary32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromBFloat16(Vector512<uint> bits) => (bits << 16).AsSingle();

    /// <summary>binary16: the exponent's bias grows from 15 to 127.</summary>
    /// <remarks>Subnormals are normalised by a subtraction; multiplying them would be slow on processors that assist subnormal
    /// operands.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromFloat16(Vector512<uint> bits)
    {
        const uint Rebias = 112u << 23, Min = 1u << 23, Special = 31u << 23;
        Vector512<uint> magnitude = (bits & Vector512.Create(0x7fffu)) << 13, normal = magnitude + Vector512.Create(Rebias);
        Vector512<uint> subnormal = ((normal + Vector512.Create(Min)).AsSingle() - Vector512.Create(Rebias + Min).AsSingle()).AsUInt32();
        normal += Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(Special)) & Vector512.Create(Rebias);  // infinities and NaN
        Vector512<uint> value = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(Min)), subnormal, normal);
        return (value | (bits & Vector512.Create(0x8000u)) << 16).AsSingle();
    }

    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float FromFloat16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // The quiet bit keeps a NaN whose payload lies in the lower half from turning into an infinity.
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | ((bits & 0xffff) == 0 ? 0u : 0x40u));
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary><see cref="ToBFloat16(float)"/> of a row; returns what it cost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RoundingLoss NarrowToBFloat16(ReadOnlySpan<float> source, Span<ushort> target)
    {
        ref uint values = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(source));
        ref ushort bits = ref MemoryMarshal.GetReference(target[..source.Length]);
        RoundingLoss loss = default;
        Vector512<uint> exact = Vector512<uint>.Zero;
        int i = 0, fast = 0;
        for (; i + Vector512<ushort>.Count <= source.Length; i += Vector512<ushort>.Count)
        {
            Vector512<uint> a = Vector512.LoadUnsafe(ref values, (nuint)i);
            Vector512<uint> b = Vector512.LoadUnsafe(ref values, (nuint)(i + Vector512<uint>.Count));
            if (AnyBecomesSpecial(a, b))
            {
                loss += NarrowEach(source.Slice(i, Vector512<ushort>.Count), target[i..]);
                continue;
            }
            Vector512.Narrow(RoundToBFloat16(a), RoundToBFloat16(b)).StoreUnsafe(ref bits, (nuint)i);
            exact += Vector512.Equals(a << 16, Vector512<uint>.Zero) + Vector512.Equals(b << 16, Vector512<uint>.Zero);
            fast += Vector512<ushort>.Count;
        }
        return loss + new RoundingLoss(fast + (int)Vector512.Sum(exact), 0) + NarrowEach(source[i..], target[i..]);
    }

    private static RoundingLoss NarrowEach(ReadOnlySpan<float> source, Span<ushort> target)
    {
        RoundingLoss loss = default;
        for (int i = 0; i < source.Length; i++)
        {
            float stored = FromBFloat16(target[i] = ToBFloat16(source[i]));
            if (!stored.Equals(source[i])) loss += new RoundingLoss(1, float.IsInfinity(stored) ? 1 : 0);
        }
        return loss;
    }

    /// <summary>Whether any of some values is a NaN or infinite, or rounds to infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AnyBecomesSpecial(Vector512<uint> a, Vector512<uint> b)
    {
        // Without their signs: up to here values round to what is finite.
        Vector512<uint> last = Vector512.Create(0x7f7f_7fffu << 1);
        return (Vector512.GreaterThan(a << 1, last) | Vector512.GreaterThan(b << 1, last)) != Vector512<uint>.Zero;
    }

    /// <summary>The bits of finite values as bfloat16, which may become infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RoundToBFloat16(Vector512<uint> bits) =>
        (bits + Vector512.Create(0x7fffu) + (bits >> 16 & Vector512<uint>.One)) >> 16;

    /// <summary>The differences of two rows of bfloat16, rounded to F32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SubtractBFloat16(ReadOnlySpan<ushort> minuends, ReadOnlySpan<ushort> subtrahends, Span<float> differences)
    {
        ref ushort from = ref MemoryMarshal.GetReference(minuends), taken = ref MemoryMarshal.GetReference(subtrahends[..minuends.Length]);
        ref float left = ref MemoryMarshal.GetReference(differences[..minuends.Length]);
        int i = 0;
        for (; i + Vector512<ushort>.Count <= minuends.Length; i += Vector512<ushort>.Count)
        {
            Vector512<ushort> a = Vector512.LoadUnsafe(ref from, (nuint)i), b = Vector512.LoadUnsafe(ref taken, (nuint)i);
            (FromBFloat16(Vector512.WidenLower(a)) - FromBFloat16(Vector512.WidenLower(b))).StoreUnsafe(ref left, (nuint)i);
            (FromBFloat16(Vector512.WidenUpper(a)) - FromBFloat16(Vector512.WidenUpper(b)))
                .StoreUnsafe(ref left, (nuint)(i + Vector512<float>.Count));
        }
        for (; i < minuends.Length; i++) differences[i] = FromBFloat16(minuends[i]) - FromBFloat16(subtrahends[i]);
    }

    public static ushort ToFloat16(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>Widens a row of either type, and fetches the one behind it meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ReadOnlySpan<ushort> source, bool isBFloat16, Span<float> target)
    {
        ref ushort bits = ref MemoryMarshal.GetReference(source);
        ref float values = ref MemoryMarshal.GetReference(target[..source.Length]);
        int i = 0;
        for (; i + Vector512<ushort>.Count <= source.Length; i += Vector512<ushort>.Count)
        {
            Vector512<ushort> v = Vector512.LoadUnsafe(ref bits, (nuint)i);
            Vector512<uint> lower = Vector512.WidenLower(v), upper = Vector512.WidenUpper(v);
            (isBFloat16 ? FromBFloat16(lower) : FromFloat16(lower)).StoreUnsafe(ref values, (nuint)i);
            (isBFloat16 ? FromBFloat16(upper) : FromFloat16(upper)).StoreUnsafe(ref values, (nuint)(i + Vector512<float>.Count));
            KsLottery.Engine.Interop.Cache.Prefetch(ref bits, source.Length + i);
        }
        for (; i < source.Length; i++) target[i] = isBFloat16 ? FromBFloat16(source[i]) : FromFloat16(source[i]);
    }
}
