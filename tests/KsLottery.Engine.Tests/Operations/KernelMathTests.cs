using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Exponential and logarithm of the kernel language against double precision, over every 255th F32, and so over every exponent and
/// sign.</summary>
internal sealed class KernelMathTests
{
    private const uint Step = 255;

    [Test]
    public void Exponentials_are_within_one_unit_in_the_last_place() => AssertWithinOneUnit(KernelMath.Exp, Math.Exp);

    [Test]
    public void Logarithms_are_within_one_unit_in_the_last_place() => AssertWithinOneUnit(KernelMath.Log, Math.Log);

    [TestCase(float.NegativeInfinity, 0f), TestCase(-1000f, 0f), TestCase(-103.97209f, 0f), TestCase(-103.97207f, 1e-45f),
        TestCase(-0f, 1f),
        TestCase(0f, 1f), TestCase(89f, float.PositiveInfinity), TestCase(1e30f, float.PositiveInfinity),
        TestCase(float.PositiveInfinity, float.PositiveInfinity), TestCase(float.NaN, float.NaN)]
    public void Exponentials_of_extreme_numbers_are_what_they_should_be(float x, float expected) =>
        Assert.That(Units(KernelMath.Exp(x), expected), Is.Zero);

    [TestCase(0f, float.NegativeInfinity), TestCase(-0f, float.NegativeInfinity), TestCase(-1e-45f, float.NaN), TestCase(1f, 0f),
        TestCase(float.NegativeInfinity, float.NaN), TestCase(float.NaN, float.NaN),
        TestCase(float.PositiveInfinity, float.PositiveInfinity)]
    public void Logarithms_of_extreme_numbers_are_what_they_should_be(float x, float expected) =>
        Assert.That(Units(KernelMath.Log(x), expected), Is.Zero);

    private static void AssertWithinOneUnit(Func<float, float> function, Func<double, double> exact)
    {
        long worst = 0, exactly = 0, count = 0;
        for (ulong bits = 0; bits <= uint.MaxValue; bits += Step)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)bits), expected = (float)exact(x), actual = function(x);
            long units = Units(actual, expected);
            if (units > 1) Assert.Fail($"of {x:r}: {actual:r} where {expected:r} is nearest");
            (worst, exactly, count) = (Math.Max(worst, units), exactly + (units == 0 ? 1 : 0), count + 1);
        }
        TestContext.Out.WriteLine($"{count} numbers, {100.0 * exactly / count:f3} % rounded to nearest, worst {worst}");
    }

    /// <summary>How many F32 lie between two; none between two that are no numbers.</summary>
    private static long Units(float x, float y) => float.IsNaN(x) && float.IsNaN(y) ? 0 : float.IsNaN(x) || float.IsNaN(y) ? long.MaxValue
        : Math.Abs(Ordered(x) - Ordered(y));

    private static long Ordered(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        return bits < 0 ? -(long)(bits & int.MaxValue) : bits;
    }
}
