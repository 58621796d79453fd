using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Kernels;

[Category("instructions")]
public sealed class HalfPrecisionTests
{
    /// <summary>All 65,536 bit patterns of both types, against the runtime's conversion or the definition.</summary>
    [TestCase(ElementType.F16), TestCase(ElementType.BF16)]
    public void Widening_is_exact_for_every_bit_pattern(ElementType type)
    {
        ushort[] bits = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i), 0x3c00, 0x8001, 0x7fff];  // a tail, too
        float[] values = new float[bits.Length];
        HalfPrecision.Widen(bits, type, values);
        for (int i = 0; i < bits.Length; i++)
        {
            float expected = type == ElementType.F16 ? (float)BitConverter.UInt16BitsToHalf(bits[i])
                : BitConverter.Int32BitsToSingle(bits[i] << 16);
            if (float.IsNaN(expected)) Assert.That(values[i], Is.NaN, $"{bits[i]:x4}");
            else Assert.That(BitConverter.SingleToInt32Bits(values[i]), Is.EqualTo(BitConverter.SingleToInt32Bits(expected)),
                $"{bits[i]:x4}");
        }
    }
}
