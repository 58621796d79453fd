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

    /// <summary><see cref="ToBFloat16(float)"/> of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NarrowToBFloat16(ReadOnlySpan<float> source, Span<ushort> target)
    {
        ref float values = ref MemoryMarshal.GetReference(source);
        ref ushort bits = ref MemoryMarshal.GetReference(target[..source.Length]);
        int i = 0;
        for (; i + Vector512<ushort>.Count <= source.Length; i += Vector512<ushort>.Count)
            Vector512.Narrow(ToBFloat16(Vector512.LoadUnsafe(ref values, (nuint)i)),
                ToBFloat16(Vector512.LoadUnsafe(ref values, (nuint)(i + Vector512<float>.Count)))).StoreUnsafe(ref bits, (nuint)i);
        for (; i < source.Length; i++) target[i] = ToBFloat16(source[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> ToBFloat16(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32(), upper = bits >> 16;
        Vector512<uint> rounded = (bits + Vector512.Create(0x7fffu) + (upper & Vector512<uint>.One)) >> 16;
        Vector512<uint> quiet = ~Vector512.Equals(bits << 16, Vector512<uint>.Zero) & Vector512.Create(0x40u);
        return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, upper | quiet);
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
