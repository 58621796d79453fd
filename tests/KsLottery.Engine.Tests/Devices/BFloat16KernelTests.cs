using System.Runtime.InteropServices;
using KsLottery.Kernels;
using KsLottery.Kernels.Language;

namespace KsLottery.Engine.Tests.Devices;

public sealed class BFloat16KernelTests
{
    private static readonly float[] Special =
        [0, -0f, 1, -1, 1 + MathF.ScaleB(1, -23), MathF.PI, float.MaxValue, float.MinValue, MathF.ScaleB(1, -110),
            MathF.ScaleB(16777215, -133)];

    [Test]
    public void Three_terms_add_up_to_the_number_exactly()
    {
        float[] numbers = [.. Special, .. Normal(5000)];
        ushort[] terms = Split(numbers);
        for (int i = 0; i < numbers.Length; i++)
        {
            float first = Wide(terms[i]), second = Wide(terms[i + numbers.Length]), third = Wide(terms[i + (2 * numbers.Length)]);
            double sum = (double)first + second + third;
            Assert.That(sum, Is.EqualTo((double)numbers[i]), $"{numbers[i]:r}");
            Assert.That(Math.Abs(first), Is.LessThanOrEqualTo(Math.Abs(numbers[i])), "terms are cut, so that none overflows");
        }
    }

    [Test]
    public void The_smallest_numbers_lose_less_than_the_smallest_bfloat16()
    {
        float[] numbers = [float.Epsilon, MathF.ScaleB(3, -149), MathF.ScaleB(0xABCDEF, -149), -MathF.ScaleB(0x1234567, -149)];
        ushort[] terms = Split(numbers);
        for (int i = 0; i < numbers.Length; i++)
            Assert.That(Math.Abs((double)Wide(terms[i]) + Wide(terms[i + numbers.Length])
                + Wide(terms[i + (2 * numbers.Length)]) - numbers[i]),
                Is.LessThan(Math.ScaleB(1, -133)));
    }

    [Test]
    public void Infinities_and_NaN_are_the_first_term_alone()
    {
        float[] numbers = [float.PositiveInfinity, float.NegativeInfinity, float.NaN, BitConverter.UInt32BitsToSingle(0x7F80_0001)];
        ushort[] terms = Split(numbers);
        Assert.That(terms.Take(4).Select(Wide), Is.EqualTo(new[] { float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.NaN }));
        Assert.That(terms.Skip(4), Is.All.Zero);
    }

    [Test]
    public void Rounding_goes_to_the_nearest_with_ties_to_even()
    {
        float[] numbers = [.. Special, .. Normal(5000), 1 + MathF.ScaleB(1, -8), 1 + (3 * MathF.ScaleB(1, -8)), float.PositiveInfinity,
            float.NaN,
            BitConverter.UInt32BitsToSingle(0xFF80_0001)];
        ushort[] rounded = Run<ushort>(numbers, numbers.Length, BFloat16Kernels.RoundToBFloat16);
        for (int i = 0; i < numbers.Length; i++)
        {
            if (float.IsNaN(numbers[i]))
            {
                Assert.That(Wide(rounded[i]), Is.NaN);
                continue;
            }
            float below = Wide((ushort)(BitConverter.SingleToUInt32Bits(numbers[i]) >> 16)),
                above = BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(numbers[i]) & 0xFFFF_0000) + 0x1_0000);
            double toBelow = Math.Abs((double)numbers[i] - below), toAbove = float.IsInfinity(above)
                ? Math.Abs(Math.CopySign(Math.ScaleB(1, 128), numbers[i]) - numbers[i]) : Math.Abs((double)above - numbers[i]);
            bool isBelowEven = (BitConverter.SingleToUInt32Bits(below) & 0x1_0000) == 0;
            float expected = float.IsInfinity(numbers[i]) || toBelow < toAbove || (toBelow == toAbove && isBelowEven) ? below : above;
            Assert.That(Wide(rounded[i]), Is.EqualTo(expected), $"{numbers[i]:r}");
        }
    }

    private static ushort[] Split(float[] numbers) => Run<ushort>(numbers, 3 * numbers.Length, BFloat16Kernels.SplitToBFloat16);

    private static T[] Run<T>(float[] numbers, int results, Action<ArrayView<T>, ArrayView<float>> kernel) where T : unmanaged
    {
        byte[] source = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray(), target = new byte[results * Marshal.SizeOf<T>()];
        SimulatedGrid.Run((numbers.Length + BFloat16Kernels.GroupSize - 1) / BFloat16Kernels.GroupSize, BFloat16Kernels.GroupSize,
            () => kernel(SimulatedGrid.View<T>(target, 0, results), SimulatedGrid.View<float>(source, 0, numbers.Length)));
        return MemoryMarshal.Cast<byte, T>(target).ToArray();
    }

    private static float[] Normal(int count)
    {
        System.Random random = new(7);
        return [.. Enumerable.Range(0, count).Select(_ => MathF.ScaleB((2 * random.NextSingle()) - 1, random.Next(-80, 80)))];
    }

    private static float Wide(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
