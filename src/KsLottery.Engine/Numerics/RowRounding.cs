using System.Buffers.Binary;
using System.Diagnostics;

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
/// <remarks>Widening is exact. Narrowing rounds to nearest, ties to even (IEEE 754-2019, 4.3.1); a NaN stays a NaN.</remarks>
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
        _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source) << 16),
    };

    private static void Write(Span<byte> target, ElementType type, float value)
    {
        if (type == ElementType.F32) BinaryPrimitives.WriteSingleLittleEndian(target, value);
        else if (type == ElementType.F16) BinaryPrimitives.WriteHalfLittleEndian(target, (Half)value);
        else BinaryPrimitives.WriteUInt16LittleEndian(target, ToBFloat16(value));
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // The quiet bit keeps a NaN whose payload lies in the lower half from turning into an infinity.
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | ((bits & 0xffff) == 0 ? 0u : 0x40u));
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
