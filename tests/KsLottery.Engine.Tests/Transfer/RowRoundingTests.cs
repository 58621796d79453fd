using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Transfer;

internal sealed class RowRoundingTests
{
    [Test]
    public void Between_two_neighbours_the_nearer_wins_and_in_the_middle_the_even_one()
    {
        for (int sign = 0; sign <= 0x8000; sign += 0x8000)
        {
            for (int low = 0; low < 0x7f7f; low++)
            {
                uint bits = (uint)(sign | low) << 16;
                float middle = BitConverter.UInt32BitsToSingle(bits | 0x8000);
                float[] values = [BitConverter.UInt32BitsToSingle(bits), MathF.CopySign(MathF.BitDecrement(MathF.Abs(middle)), middle),
                    middle,
                    MathF.CopySign(MathF.BitIncrement(MathF.Abs(middle)), middle)];
                int even = low + (low & 1);
                ushort[] stored = Store(values, ElementType.BF16, out RoundingLoss loss);
                if (!stored.SequenceEqual(new[] { low, low, even, low + 1 }.Select(b => (ushort)(sign | b)))
                    || loss != new RoundingLoss(3, 0))
                    Assert.Fail($"around {middle:R}: {string.Join(", ", stored)}, {loss}");
            }
        }
    }

    [TestCase(ElementType.BF16, 3.3961775e38f, float.PositiveInfinity, 1)]
    [TestCase(ElementType.BF16, 3.39e38f, 3.3895314e38f, 0)]
    [TestCase(ElementType.F16, 65520f, float.PositiveInfinity, 1)]
    [TestCase(ElementType.F16, -65519.996f, -65504f, 0)]
    [TestCase(ElementType.F16, 2049f, 2048f, 0)]
    [TestCase(ElementType.F16, 2051f, 2052f, 0)]
    [TestCase(ElementType.F16, 2.9802322e-8f, 0f, 0)]
    [TestCase(ElementType.F16, 2.9802326e-8f, 5.9604645e-8f, 0)]
    public void What_is_lost_is_counted(ElementType type, float value, float expected, int overflowed)
    {
        ushort bits = Store([value], type, out RoundingLoss loss)[0];
        float stored = type == ElementType.F16 ? (float)BitConverter.UInt16BitsToHalf(bits)
            : BitConverter.UInt32BitsToSingle((uint)bits << 16);

        Assert.That((stored, loss), Is.EqualTo((expected, new RoundingLoss(1, overflowed))));
    }

    /// <summary>Any bits, many at a time and one by one.</summary>
    [Test]
    public void Many_values_are_stored_as_each_by_itself([Values(ElementType.BF16, ElementType.F16)] ElementType type)
    {
        SplitMix64 random = new(3);
        uint[] special = [0x7f800000, 0xff800000, 0x7f800001, 0xff80ffff, 0x7f7fffff, 0x7f7f8000, 0, 0x80000000, 1, 0x7fc00000];
        float[] values = [.. Enumerable.Range(0, 10_007).Select(i => BitConverter.UInt32BitsToSingle(
            i % 97 == 0 ? special[i % special.Length] : i % 7 == 1 ? (uint)random.Next() & 0xffff0000 : (uint)random.Next()))];
        ushort[] many = Store(values, type, out RoundingLoss all);
        RoundingLoss sum = default;
        for (int i = 0; i < values.Length; i++)
        {
            ushort one = Store([values[i]], type, out RoundingLoss loss)[0];
            if (one != many[i])
                Assert.Fail($"value {i}, {BitConverter.SingleToUInt32Bits(values[i]):x8}: {many[i]:x4}, by itself {one:x4}");
            sum += loss;
        }
        Assert.That(all, Is.EqualTo(sum));
        Assert.That(all.Overflowed > 0 && all.Inexact > 1000, Is.True);
    }

    [Test]
    public void Infinities_zeros_and_nan_stay_what_they_are()
    {
        float lowPayload = BitConverter.UInt32BitsToSingle(0x7f800001);
        foreach (ElementType type in (ElementType[])[ElementType.BF16, ElementType.F16])
        {
            ushort[] stored = Store([float.PositiveInfinity, float.NegativeInfinity, 0f, -0f, lowPayload, -lowPayload],
                type, out RoundingLoss loss);
            ushort infinity = (ushort)(type == ElementType.BF16 ? 0x7f80 : 0x7c00);
            Assert.That(stored[..4], Is.EqualTo(new ushort[] { infinity, (ushort)(infinity | 0x8000), 0, 0x8000 }));
            Assert.That(stored[4] & 0x7fff, Is.GreaterThan(infinity), "a NaN with a payload in its lower half alone");
            Assert.That(stored[5] & 0x7fff, Is.GreaterThan(infinity));
            Assert.That(loss, Is.EqualTo(default(RoundingLoss)));
        }
    }

    [TestCase(ElementType.BF16, ElementType.F32)]
    [TestCase(ElementType.F16, ElementType.F32)]
    public void Every_number_survives_widening(ElementType from, ElementType to)
    {
        ushort nanFrom = (ushort)(from == ElementType.BF16 ? 0x7f80 : 0x7c00);
        ushort[] numbers = [.. Enumerable.Range(0, 0x10000).Select(b => (ushort)b).Where(b => (b & 0x7fff) <= nanFrom)];
        Assert.That(RowRounding.IsReversible(MemoryMarshal.AsBytes(numbers.AsSpan()), from, to));
    }

    [TestCase(ElementType.F32, ElementType.BF16, new byte[] { 0, 0, 0x80, 0x3f }, true)]
    [TestCase(ElementType.F32, ElementType.BF16, new byte[] { 1, 0, 0x80, 0x3f }, false)]
    [TestCase(ElementType.F32, ElementType.F16, new byte[] { 0, 0, 0, 0x80 }, true)]
    [TestCase(ElementType.BF16, ElementType.F16, new byte[] { 0x80, 0x7f }, true)]
    [TestCase(ElementType.BF16, ElementType.F16, new byte[] { 0x80, 0x3f, 0x7f, 0x7f }, false)]
    [TestCase(ElementType.F16, ElementType.BF16, new byte[] { 0xff, 0x3b }, false)]
    public void Narrowing_is_reversible_where_no_bit_is_lost(ElementType from, ElementType to, byte[] values, bool expected) =>
        Assert.That(RowRounding.IsReversible(values, from, to), Is.EqualTo(expected));

    private static ushort[] Store(float[] values, ElementType type, out RoundingLoss loss)
    {
        ushort[] stored = new ushort[values.Length];
        loss = RowRounding.Convert(MemoryMarshal.AsBytes(values.AsSpan()), ElementType.F32, MemoryMarshal.AsBytes(stored.AsSpan()), type);
        return stored;
    }
}
