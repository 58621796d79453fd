using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Training;

internal sealed class DivergenceTests
{
    [TestCase(40, 6, 9.5, false), TestCase(40, 6, 9.7, true), TestCase(40, 1, 2.1, false), TestCase(40, 1, 2.3, true)]
    [TestCase(4, 2, 4.9, false), TestCase(4, 2, 5.1, true), TestCase(1, 3, 3, false), TestCase(40, 10, 1e9, true)]
    public void The_end_is_held_against_the_start(int steps, double start, double end, bool hasDiverged)
    {
        double?[] losses = [.. Enumerable.Range(0, steps).Select(i => (double?)(i < steps / 2 ? start : end))];
        Assert.That(Divergence.Of(losses), Is.EqualTo(hasDiverged));
    }

    [Test]
    public void One_bad_batch_is_none_and_a_loss_that_is_no_number_is_one()
    {
        double?[] losses = [.. Enumerable.Repeat<double?>(2, 39), 50];
        Assert.That(Divergence.Of(losses), Is.False);
        foreach (double? bad in (double?[])[double.NaN, null])
        {
            losses[^3] = bad;
            Assert.That(Divergence.Of(losses), Is.True);
            losses[^3] = 2;
        }
        losses[0] = double.NaN;
        Assert.That(Divergence.Of(losses), Is.True, "what the end is held against is no number");
        losses[0] = 2;
        Assert.That(Divergence.Of([2, .. Enumerable.Repeat<double?>(500, 39)]), Is.True, "the first change was enough");
        Assert.That(Divergence.Of([double.PositiveInfinity, double.PositiveInfinity]), Is.True);
    }

    [TestCase(4.9, false), TestCase(5.1, true), TestCase(1e10, true), TestCase(null, true)]
    public void The_held_out_loss_after_is_held_against_the_one_before(double? after, bool hasDiverged)
    {
        StepMetrics[] steps = [.. Enumerable.Range(1, 8).Select(i => new StepMetrics(i, i) { Loss = 2 })];
        steps[^1] = steps[^1] with { EvalLoss = after };
        Assert.That(Divergence.Of([new StepMetrics(0, 0) { EvalLoss = 2 }, .. steps]), Is.EqualTo(hasDiverged));
        Assert.That(Divergence.Of(steps), Is.False, "nothing was evaluated before");
    }
}
