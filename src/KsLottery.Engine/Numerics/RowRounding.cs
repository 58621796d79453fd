using System.Diagnostics;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Numerics;

/// <summary>What rounding did to the values that were stored.</summary>
/// <param name="Inexact">Values that the narrower type cannot hold exactly, the overflowed ones included.</param>
/// <param name="Overflowed">Finite values that became infinite, or NaN where the type has no infinity.</param>
internal readonly record struct RoundingLoss(long Inexact, long Overflowed)
{
    public static RoundingLoss operator +(RoundingLoss a, RoundingLoss b) => new(a.Inexact + b.Inexact, a.Overflowed + b.Overflowed);

    public static RoundingLoss Sum(IEnumerable<RoundingLoss> losses) => losses.Aggregate(default(RoundingLoss), (sum, loss) => sum + loss);
}

/// <summary>Brings rows from one readable type to another, through F32.</summary>
/// <remarks>Rounds as <see cref="ElementCodec"/> does: once, but twice from F64 to a type that is narrower than F32.</remarks>
internal static class RowRounding
{
    private const int ChunkLength = 256;

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
        (ElementCodec reader, ElementCodec writer) = (ElementCodec.Of(from), ElementCodec.Of(to));
        if (to == ElementType.F32 && reader.IsExact)
        {
            reader.Widen(source, MemoryMarshal.Cast<byte, float>(target));
            return default;
        }
        if ((from, to) == (ElementType.F32, ElementType.BF16))
            return HalfPrecision.NarrowToBFloat16(MemoryMarshal.Cast<byte, float>(source), MemoryMarshal.Cast<byte, ushort>(target));
        RoundingLoss loss = default;
        Span<float> values = stackalloc float[ChunkLength];
        for (int count; !source.IsEmpty; source = source[(count * step)..], target = target[(count * targetStep)..])
        {
            count = Math.Min(ChunkLength, source.Length / step);
            ReadOnlySpan<byte> given = source[..(count * step)];
            Span<byte> stored = target[..(count * targetStep)];
            reader.Widen(given, values);
            writer.Narrow(values[..count], stored);
            writer.Widen(stored, values);
            loss += reader.LossOf(given, values[..count]);
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
    public static bool AreFinite(ReadOnlySpan<byte> values, ElementType type) => ElementCodec.Of(type).IndexOfNonFinite(values) < 0;

    /// <summary>Whether values survive the way to another type and back with every bit, those of a NaN included.</summary>
    public static bool IsReversible(ReadOnlySpan<byte> source, ElementType from, ElementType to)
    {
        if (from == to) return true;
        int step = from.ByteSize(), otherStep = to.ByteSize();
        Span<byte> there = stackalloc byte[ChunkLength * otherStep], back = stackalloc byte[ChunkLength * step];
        for (int count; !source.IsEmpty; source = source[(count * step)..])
        {
            count = Math.Min(ChunkLength, source.Length / step);
            ReadOnlySpan<byte> given = source[..(count * step)];
            Convert(given, from, there[..(count * otherStep)], to);
            Convert(there[..(count * otherStep)], to, back[..given.Length], from);
            if (!back[..given.Length].SequenceEqual(given)) return false;
        }
        return true;
    }
}
