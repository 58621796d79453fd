using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>Widens the two 16-bit types to F32, which is exact, sixteen values at a time.</summary>
internal static class HalfPrecision
{
    /// <summary>bfloat16: the upper half of a binary32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromBFloat16(Vector512<uint> bits) => (bits << 16).AsSingle();

    /// <summary>binary16: the exponent's bias grows from 15 to 127.</summary>
    /// <remarks>Subnormals are normalised by a subtraction; multiplying them would be slow on processors that assist subnormal operands.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromFloat16(Vector512<uint> bits)
    {
        const uint Rebias = 112u << 23, Least = 1u << 23, Special = 31u << 23;
        Vector512<uint> magnitude = (bits & Vector512.Create(0x7fffu)) << 13, normal = magnitude + Vector512.Create(Rebias);
        Vector512<uint> subnormal = ((normal + Vector512.Create(Least)).AsSingle() - Vector512.Create(Rebias + Least).AsSingle()).AsUInt32();
        normal += Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(Special)) & Vector512.Create(Rebias);  // infinities and NaN
        Vector512<uint> value = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(Least)), subnormal, normal);
        return (value | (bits & Vector512.Create(0x8000u)) << 16).AsSingle();
    }

    /// <summary>Widens a row, and fetches the one behind it meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ReadOnlySpan<ushort> source, ElementType type, Span<float> target)
    {
        ref ushort bits = ref MemoryMarshal.GetReference(source);
        ref float values = ref MemoryMarshal.GetReference(target[..source.Length]);
        int i = 0;
        for (; i + Vector512<ushort>.Count <= source.Length; i += Vector512<ushort>.Count)
        {
            Vector512<ushort> v = Vector512.LoadUnsafe(ref bits, (nuint)i);
            Vector512<uint> lower = Vector512.WidenLower(v), upper = Vector512.WidenUpper(v);
            (type == ElementType.BF16 ? FromBFloat16(lower) : FromFloat16(lower)).StoreUnsafe(ref values, (nuint)i);
            (type == ElementType.BF16 ? FromBFloat16(upper) : FromFloat16(upper)).StoreUnsafe(ref values, (nuint)(i + Vector512<float>.Count));
            KsLottery.Engine.Interop.Cache.Prefetch(ref bits, source.Length + i);
        }
        for (; i < source.Length; i++) target[i] = type == ElementType.BF16 ? FromBFloat16(source[i]) : FromFloat16(source[i]);
    }

    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float FromFloat16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);
}
