using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Training;

internal sealed class LearningRateScheduleTests
{
    // The first ten rates that transformers' own tests give for a peak of 10, 10 steps and 2 of warmup.
    [Test]
    public void A_cosine_follows_Hugging_Faces_values()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Cosine(10, stepCount: 10, warmupSteps: 2);
        double[] expected = [0.0, 5.0, 10.0, 9.61, 8.53, 6.91, 5.0, 3.08, 1.46, 0.38];
        for (int step = 0; step < 10; step++) Assert.That(schedule.At(step), Is.EqualTo(expected[step]).Within(0.01), $"step {step}");
    }

    [Test]
    public void Values_worked_out_by_hand()
    {
        LearningRateSchedule cosine = LearningRateSchedule.Cosine(2e-5, stepCount: 234,
            warmupSteps: LearningRateSchedule.WarmupOf(0.03, 234));
        Assert.That(cosine.WarmupSteps, Is.EqualTo(8), "0.03 of 234 is 7.02");
        Assert.That(cosine.At(4), Is.EqualTo(1e-5).Within(1e-20));
        Assert.That(cosine.At(8), Is.EqualTo(2e-5));
        Assert.That(cosine.At(121), Is.EqualTo(1e-5).Within(1e-19), "half way, cos(π/2)");
        Assert.That(cosine.At(234), Is.Zero);
        Assert.That(cosine.At(1_000), Is.Zero);
        LearningRateSchedule floor = LearningRateSchedule.Cosine(1, stepCount: 6, floor: 0.1);
        // cos(π/3) = 1/2, cos(2π/3) = -1/2
        Assert.That((double[])[floor.At(0), floor.At(2), floor.At(3), floor.At(4), floor.At(6)],
            Is.EqualTo(new[] { 1, 0.775, 0.55, 0.325, 0.1 }).Within(1e-15));
        LearningRateSchedule constant = LearningRateSchedule.Constant(0.01, stepCount: 100, warmupSteps: 4);
        Assert.That((double[])[constant.At(0), constant.At(1), constant.At(4), constant.At(99), constant.At(200)],
            Is.EqualTo(new[] { 0, 0.0025, 0.01, 0.01, 0.01 }).Within(1e-17));
    }

    [Test]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.That(() => LearningRateSchedule.Constant(0, 10), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => LearningRateSchedule.Constant(double.NaN, 10), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => LearningRateSchedule.Cosine(1, 10, floor: 2), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => LearningRateSchedule.Cosine(1, 10, warmupSteps: 11), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => LearningRateSchedule.WarmupOf(1.5, 10), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => LearningRateSchedule.Constant(1, 10).At(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
