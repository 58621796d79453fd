using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Schedules against the golden data of the shared folder.</summary>
public sealed class SparsityScheduleTests
{
    [Test]
    public void Cubic_is_that_of_the_golden_data() => AssertSchedules("cubic", 9, "steps", one => new CubicSparsity(
        one.GetProperty("t0").GetInt64(), one.GetProperty("tf").GetInt64(), Number(one, "s_final"), Number(one, "s_initial")));

    [Test]
    public void Stairs_are_those_of_the_golden_data() => AssertSchedules("stair", 4, "epochs", one => new StairSparsity(
        Number(one, "target"), one.GetProperty("every").GetInt64(), Number(one, "step")));

    /// <summary>Whole intervals: steps divided by their length.</summary>
    [Test]
    public void Cubic_by_intervals_is_GraNets()
    {
        int compared = 0;
        foreach (JsonElement one in Golden("granet_steps"))
        {
            long every = one.GetProperty("every").GetInt64(), start = one.GetProperty("init_step").GetInt64() / every;
            CubicSparsity schedule = new(start, one.GetProperty("final_step").GetInt64() / every, 1 - Number(one, "final_density"),
                1 - Number(one, "init_density"));
            foreach ((long step, JsonElement expected) in ScoreFixture.Longs(one.GetProperty("steps"))
                .Zip(one.GetProperty("expected").EnumerateArray()))
            {
                if (expected.ValueKind == JsonValueKind.Null) continue;
                Assert.That(schedule.At(step / every), Is.EqualTo(expected.GetDouble()).Within(1e-15));
                compared++;
            }
        }
        Assert.That(compared, Is.EqualTo(10));
    }

    [Test]
    public void Geometric_rounds_prune_the_exact_part_rounded_up()
    {
        int cases = 0;
        foreach (JsonElement one in Golden("geometric"))
        {
            GeometricSparsity schedule = new(new(Exact(one.GetProperty("prune_fraction"))));
            int rounds = one.GetProperty("rounds").GetInt32();
            Assert.That(schedule.Survivors(one.GetProperty("n").GetInt64(), rounds),
                Is.EqualTo(ScoreFixture.Longs(one.GetProperty("expected").GetProperty("prune_ceil"))), one.GetProperty("name").GetString());
            Assert.That(Enumerable.Range(0, rounds + 1).Select(r => 1 - schedule.At(r)),
                Is.EqualTo(ScoreFixture.Numbers(one.GetProperty("expected").GetProperty("real_density"))).Within(1e-15));
            cases++;
        }
        foreach (JsonElement one in Golden("ceil_hazards"))
        {
            long n = one.GetProperty("n").GetInt64();
            Assert.That(n - new GeometricSparsity(new(Exact(one.GetProperty("fraction")))).SurvivorsOf(n),
                Is.EqualTo(one.GetProperty("exact_ceil").GetInt64()));
            cases++;
        }
        Assert.That(cases, Is.EqualTo(34));
    }

    [Test]
    public void One_shot_is_nothing_before_its_step_and_all_from_then_on() =>
        Assert.That(new long[] { 0, 4, 5, 900 }.Select(new OneShotSparsity(0.6, 5).At), Is.EqualTo((double[])[0, 0, 0.6, 0.6]));

    [Test]
    public void Parts_outside_their_range_are_refused()
    {
        foreach (double part in (double[])[-0.1, 1.1, double.NaN])
        {
            Assert.That(() => new OneShotSparsity(part), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0 and 1"));
            Assert.That(() => new CubicSparsity(0, 1, part), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new CubicSparsity(0, 1, 0.5, part), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new StairSparsity(part, 1, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new StairSparsity(0.5, 1, part), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
        Assert.That(() => new CubicSparsity(2, 1, 0.5), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new StairSparsity(0.5, 0, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static void AssertSchedules(string key, int count, string steps, Func<JsonElement, SparsitySchedule> make)
    {
        JsonElement[] cases = [.. Golden(key)];
        Assert.That(cases, Has.Length.EqualTo(count));
        foreach (JsonElement one in cases)
            Assert.That(ScoreFixture.Longs(one.GetProperty(steps)).Select(make(one).At),
                Is.EqualTo(ScoreFixture.Numbers(one.GetProperty("expected"))).Within(1e-15), one.GetProperty("name").GetString());
    }

    private static JsonElement.ArrayEnumerator Golden(string key) =>
        ScoreFixture.Golden("schedules.json").GetProperty(key).EnumerateArray();

    private static double Number(JsonElement one, string name) => one.GetProperty(name).GetDouble();

    private static decimal Exact(JsonElement number) => decimal.Parse(number.GetRawText(), CultureInfo.InvariantCulture);
}
