using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Numerics;

/// <summary>What rounding did to the values that were stored.</summary>
/// <param name="Inexact">Values that the narrower type cannot hold exactly, the overflowed ones included.</param>
/// <param name="Overflowed">Finite values that became infinite.</param>
internal readonly record struct RoundingLoss(long Inexact, long Overflowed)
{
    public static RoundingLoss operator +(RoundingLoss a, RoundingLoss b) => new(a.Inexact + b.Inexact, a.Overflowed + b.Overflowed);

    public static RoundingLoss Sum(IEnumerable<RoundingLoss> losses) => losses.Aggregate(default(RoundingLoss), (sum, loss) => sum + loss);
}

/// <summary>Brings rows from one of the types F32, F16 and BF16 to another.</summary>
/// <remarks>Rounds as <see cref="HalfPrecision"/> does.</remarks>
internal static class RowRounding
{
    /// <summary>Converts little-endian values; equal types are copied bit for bit.</summary>
    public static RoundingLoss Convert(ReadOnlySpan<byte> source, ElementType from, Span<byte> target, ElementType to)
    {
        (int step, int targetStep) = (from.ByteSize(), to.ByteSize());
        Debug.Assert(source.Length % step == 0 && source.Length / step == target.Length / targetStep);
        if (from == to)
        {
            source.CopyTo(target);
            return default;
        }
        RoundingLoss loss = default;
        for (; !source.IsEmpty; source = source[step..], target = target[targetStep..])
        {
            float value = Read(source, from);
            Write(target, to, value);
            float stored = Read(target, to);
            if (stored.Equals(value)) continue;
            loss += new RoundingLoss(1, float.IsInfinity(stored) ? 1 : 0);
        }
        return loss;
    }

    /// <summary>F32 values as little-endian bytes of another type.</summary>
    public static byte[] ToBytes(ReadOnlySpan<float> values, ElementType type)
    {
        byte[] bytes = new byte[values.Length * type.ByteSize()];
        Convert(MemoryMarshal.AsBytes(values), ElementType.F32, bytes, type);
        return bytes;
    }

    /// <summary>Whether no value is a NaN or an infinity.</summary>
    public static bool AreFinite(ReadOnlySpan<byte> values, ElementType type)
    {
        for (int step = type.ByteSize(); !values.IsEmpty; values = values[step..])
            if (!float.IsFinite(Read(values, type))) return false;
        return true;
    }

    /// <summary>Whether values survive the way to another type and back with every bit, those of a NaN included.</summary>
    public static bool IsReversible(ReadOnlySpan<byte> source, ElementType from, ElementType to)
    {
        if (from == to) return true;
        Span<byte> there = stackalloc byte[sizeof(float)];
        Span<byte> back = stackalloc byte[from.ByteSize()];
        for (; !source.IsEmpty; source = source[back.Length..])
        {
            Write(there, to, Read(source, from));
            Write(back, from, Read(there, to));
            if (!back.SequenceEqual(source[..back.Length])) return false;
        }
        return true;
    }

    private static float Read(ReadOnlySpan<byte> source, ElementType type) => type switch
    {
        ElementType.F32 => BinaryPrimitives.ReadSingleLittleEndian(source),
        ElementType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(source),
        ElementType.BF16 => HalfPrecision.FromBFloat16(BinaryPrimitives.ReadUInt16LittleEndian(source)),
        _ => throw type.NotComputable(),
    };

    private static void Write(Span<byte> target, ElementType type, float value)
    {
        switch (type)
        {
            case ElementType.F32: BinaryPrimitives.WriteSingleLittleEndian(target, value); break;
            case ElementType.F16: BinaryPrimitives.WriteHalfLittleEndian(target, (Half)value); break;
            case ElementType.BF16: BinaryPrimitives.WriteUInt16LittleEndian(target, HalfPrecision.ToBFloat16(value)); break;
            default: throw type.NotComputable();
        }
    }
}
