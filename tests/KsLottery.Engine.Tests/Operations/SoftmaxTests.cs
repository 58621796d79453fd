using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Exponentials of logits against sums in plain loops, of lengths around the block of 16.</summary>
internal sealed class SoftmaxTests
{
    private static float[] Logits(int count) => [.. Enumerable.Range(0, count).Select(i => (i * 37 % 101 / 7f) - 6)];

    [Test]
    public void Log_sums_and_weights_are_those_of_the_definition([Values(1, 15, 16, 17, 40, 1000)] int count,
        [Values(0.5, 1.0, 3.0)] double temperature)
    {
        float[] logits = Logits(count);
        double max = logits.Largest(), sum = logits.Sum(x => Math.Exp(x - max));
        Assert.That(Softmax.LogSum(logits), Is.EqualTo(max + Math.Log(sum)).Within(1e-13));
        double[] weights = [.. Enumerable.Repeat(-1.0, count + 3)];
        double[] expected = [.. logits.Select(x => Math.Exp((x - max) / temperature))];
        Assert.That(Softmax.Weigh(logits, temperature, weights), Is.EqualTo(expected.Sum()).Within(1e-12 * count));
        Assert.That(weights[..count], Is.EqualTo(expected).Within(1e-14));
        Assert.That(weights[count..], Has.All.EqualTo(-1), "nothing is written behind them");
    }

    [Test]
    public void Equal_logits_have_equal_weights_wherever_they_stand()
    {
        float[] logits = [.. Enumerable.Repeat(0.3f, 21), 1];
        double[] weights = new double[22];
        Softmax.Weigh(logits, 0.7, weights);
        Assert.That(weights[..21].Distinct().Count(), Is.EqualTo(1));
        Assert.That(weights[21], Is.EqualTo(1));
    }

    [Test]
    public void The_largest_is_the_first_of_equal_ones()
    {
        float[] logits = [1, 3, 2, 3];
        Assert.That((Softmax.Max(logits), Softmax.IndexOfMax(logits), Softmax.Max([])), Is.EqualTo((3f, 1, float.NegativeInfinity)));
        Assert.That((Softmax.Max([1, float.NaN, 2]), Softmax.LogSum([float.NegativeInfinity])), Is.EqualTo((float.NaN, double.NaN)));
    }
}
