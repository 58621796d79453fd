using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What a payload makes of a run of elements; the one place that knows.</summary>
internal static class Payloads
{
    private const byte SignBit = 0x80;

    /// <summary>Whether a payload has a value of its own for each element of the mask; <see cref="TicketPayload.Keep"/> may.</summary>
    public static bool HasValues(TicketPayload payload) => payload is not (TicketPayload.Drop or TicketPayload.Keep or TicketPayload.Share);

    /// <summary>Writes n elements as the base's type stores them.</summary>
    /// <param name="payload">Which rule.</param>
    /// <param name="before">The base's elements, in any type for <see cref="TicketPayload.Delta"/>, in that of the target for
    /// <see cref="TicketPayload.Sign"/>; else not read.</param>
    /// <param name="beforeType">The type of those.</param>
    /// <param name="values">The patch's, for <see cref="TicketPayload.Share"/> as they were gathered; for
    /// <see cref="TicketPayload.Sign"/> a byte each, 0 or 0x80; none where there is none.</param>
    /// <param name="valueType">The type of those.</param>
    /// <param name="target">The bytes of n elements.</param>
    /// <param name="type">The type of those.</param>
    public static RoundingLoss Apply(TicketPayload payload, ReadOnlySpan<byte> before, ElementType beforeType, ReadOnlySpan<byte> values,
        ElementType valueType, Span<byte> target, ElementType type)
    {
        switch (payload)
        {
            case TicketPayload.Replace or TicketPayload.Keep or TicketPayload.Share:
                return RowRounding.Convert(values, valueType, target, type);
            case TicketPayload.Delta:
                return Add(before, beforeType, values, target, type);
            case TicketPayload.Drop:
                target.Clear();
                return default;
            case TicketPayload.Sign:
                SetSigns(before, values, target);
                return default;
            default:
                throw new ArgumentOutOfRangeException(nameof(payload), payload, "there is no such payload.");
        }
    }

    /// <summary>v = F32(tuned) − F32(base), rounded to F32.</summary>
    public static void Subtract(ReadOnlySpan<byte> tuned, ElementType tunedType, ReadOnlySpan<byte> before, ElementType beforeType,
        Span<float> values)
    {
        float[] subtrahend = new float[values.Length];
        RowRounding.Convert(tuned, tunedType, MemoryMarshal.AsBytes(values), ElementType.F32);
        RowRounding.Convert(before, beforeType, MemoryMarshal.AsBytes(subtrahend.AsSpan()), ElementType.F32);
        TensorPrimitives.Subtract(values, subtrahend, values);
    }

    /// <summary>The sign bits of elements, which are the highest of each, a byte each.</summary>
    public static void TakeSigns(ReadOnlySpan<byte> elements, Span<byte> signs)
    {
        int size = elements.Length / signs.Length;
        for (int i = 0; i < signs.Length; i++) signs[i] = (byte)(elements[((i + 1) * size) - 1] & SignBit);
    }

    private static RoundingLoss Add(ReadOnlySpan<byte> before, ElementType beforeType, ReadOnlySpan<byte> values, Span<byte> target,
        ElementType type)
    {
        ReadOnlySpan<float> changes = MemoryMarshal.Cast<byte, float>(values);
        float[] sum = new float[changes.Length];
        RowRounding.Convert(before, beforeType, MemoryMarshal.AsBytes(sum.AsSpan()), ElementType.F32);
        TensorPrimitives.Add(sum, changes, sum);
        return RowRounding.Convert(MemoryMarshal.AsBytes<float>(sum), ElementType.F32, target, type);
    }

    private static void SetSigns(ReadOnlySpan<byte> before, ReadOnlySpan<byte> signs, Span<byte> target)
    {
        before.CopyTo(target);
        int size = target.Length / signs.Length;
        for (int i = 0; i < signs.Length; i++)
        {
            ref byte highest = ref target[((i + 1) * size) - 1];
            highest = (byte)((highest & ~SignBit) | signs[i]);
        }
    }
}
