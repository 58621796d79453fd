using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

internal readonly struct Float32 : IStoredElement<Float32, uint>
{
    public static ElementType Type => ElementType.F32;
    public static uint NonFinite => 0x7F80_0000;
    public static float Widen(uint bits) => BitConverter.UInt32BitsToSingle(bits);
    public static uint Narrow(float value) => BitConverter.SingleToUInt32Bits(value);
    public static void Widen(ReadOnlySpan<uint> source, Span<float> target) => MemoryMarshal.Cast<uint, float>(source).CopyTo(target);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RoundingLoss LossOf(ReadOnlySpan<uint> source, ReadOnlySpan<float> stored)
    {
        ref uint bits = ref MemoryMarshal.GetReference(source[..stored.Length]);
        ref float values = ref MemoryMarshal.GetReference(stored);
        Vector512<uint> special = Vector512.Create(0x7F80_0000u);
        RoundingLoss loss = default;
        int i = 0;
        for (; i + Vector512<uint>.Count <= stored.Length; i += Vector512<uint>.Count)
        {
            Vector512<float> a = Vector512.LoadUnsafe(ref bits, (nuint)i).AsSingle(), b = Vector512.LoadUnsafe(ref values, (nuint)i);
            Vector512<uint> same = (Vector512.Equals(a, b) | ~(Vector512.Equals(a, a) | Vector512.Equals(b, b))).AsUInt32();
            if (same == Vector512<uint>.AllBitsSet) continue;
            Vector512<uint> overflow = ~same & Vector512.Equals(b.AsUInt32() & special, special)
                & ~Vector512.Equals(a.AsUInt32() & special, special);
            loss += new RoundingLoss(BitOperations.PopCount((~same).ExtractMostSignificantBits()),
                BitOperations.PopCount(overflow.ExtractMostSignificantBits()));
        }
        for (; i < stored.Length; i++)
            if (!Widen(source[i]).Equals(stored[i]))
                loss += new RoundingLoss(1, !float.IsFinite(stored[i]) && float.IsFinite(Widen(source[i])) ? 1 : 0);
        return loss;
    }
}

internal readonly struct Float16 : IStoredElement<Float16, ushort>
{
    public static ElementType Type => ElementType.F16;
    public static ushort NonFinite => 0x7C00;
    public static float Widen(ushort bits) => HalfPrecision.FromFloat16(bits);
    public static ushort Narrow(float value) => HalfPrecision.ToFloat16(value);
    public static void Widen(ReadOnlySpan<ushort> source, Span<float> target) => HalfPrecision.Widen(source, isBFloat16: false, target);
}

internal readonly struct BFloat16 : IStoredElement<BFloat16, ushort>
{
    public static ElementType Type => ElementType.BF16;
    public static ushort NonFinite => 0x7F80;
    public static float Widen(ushort bits) => HalfPrecision.FromBFloat16(bits);
    public static ushort Narrow(float value) => HalfPrecision.ToBFloat16(value);
    public static void Narrow(ReadOnlySpan<float> source, Span<ushort> target) => HalfPrecision.NarrowToBFloat16(source, target);
    public static void Widen(ReadOnlySpan<ushort> source, Span<float> target) => HalfPrecision.Widen(source, isBFloat16: true, target);
}

internal readonly struct Float64 : IStoredElement<Float64, ulong>
{
    public static ElementType Type => ElementType.F64;
    public static ulong NonFinite => 0x7FF0_0000_0000_0000;
    public static bool IsExact => false;
    public static float Widen(ulong bits) => (float)BitConverter.UInt64BitsToDouble(bits);
    public static ulong Narrow(float value) => BitConverter.DoubleToUInt64Bits(value);
    public static bool IsValue(ulong bits, float value) => BitConverter.UInt64BitsToDouble(bits).Equals(value);
}

internal readonly struct SignedByte : IStoredElement<SignedByte, byte>
{
    public static ElementType Type => ElementType.I8;
    public static byte NonFinite => 0;
    public static bool IsCoded => true;
    public static float Widen(byte bits) => (sbyte)bits;
    public static byte Narrow(float value) =>
        float.IsNaN(value) ? (byte)0 : (byte)(sbyte)Math.Clamp(MathF.Round(value, MidpointRounding.ToEven), sbyte.MinValue, sbyte.MaxValue);
}

internal readonly struct UnsignedByte : IStoredElement<UnsignedByte, byte>
{
    public static ElementType Type => ElementType.U8;
    public static byte NonFinite => 0;
    public static bool IsCoded => true;
    public static float Widen(byte bits) => bits;
    public static byte Narrow(float value) =>
        float.IsNaN(value) ? (byte)0 : (byte)Math.Clamp(MathF.Round(value, MidpointRounding.ToEven), byte.MinValue, byte.MaxValue);
}
