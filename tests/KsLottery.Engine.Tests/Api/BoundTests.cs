using KsLottery.Engine.Numerics;
using NUnit.Framework.Constraints;

namespace KsLottery.Engine.Tests.Api;

/// <summary>What bounds are made of, in the library and in its tests, fails on NaN.</summary>
[TestFixture]
internal sealed class BoundTests
{
    private static readonly object[] Nans = [double.NaN, float.NaN];

    private static readonly Constraint[] Bounds =
    [
        Is.LessThan(1), Is.LessThanOrEqualTo(1), Is.AtMost(1.0), Is.GreaterThan(-1f), Is.GreaterThanOrEqualTo(-1), Is.AtLeast(-1),
            Is.Positive, Is.Negative,
        Is.InRange(double.NegativeInfinity, 1.0),
    ];

    [Test]
    public void No_NaN_is_within_a_bound([ValueSource(nameof(Nans))] object nan, [ValueSource(nameof(Bounds))] Constraint bound) =>
        Assert.That(bound.ApplyTo(nan).IsSuccess, Is.False);

    [Test]
    public void Nothing_is_within_a_NaN([ValueSource(nameof(Nans))] object nan)
    {
        Constraint[] bounds = [Is.LessThan(nan), Is.AtMost(nan), Is.GreaterThan(nan), Is.AtLeast(nan),
            Is.InRange(nan, double.PositiveInfinity)];
        Assert.That(bounds.Select(b => b.ApplyTo(0.5).IsSuccess), Is.All.False);
    }

    [Test]
    public void No_NaN_of_half_precision_is_within_a_bound() => Assert.That(Is.LessThan((Half)1).ApplyTo(Half.NaN).IsSuccess, Is.False);

    [Test]
    public void No_NaN_is_in_order([Values(0, 1, 2)] int at)
    {
        double[] rising = [1, 2, 3], falling = [3, 2, 1];
        Assert.That(Is.Ordered.ApplyTo(rising).IsSuccess && Is.OrderedDescending.ApplyTo(falling).IsSuccess);
        (rising[at], falling[at]) = (double.NaN, double.NaN);
        Assert.That(Is.Ordered.ApplyTo(rising).IsSuccess || Is.OrderedDescending.ApplyTo(falling).IsSuccess, Is.False);
    }

    [Test]
    public void Bounds_hold_of_the_numbers_they_hold_of()
    {
        (int one, double negative) = (1, -1.5);
        Assert.That(one, Is.LessThan(2) & Is.AtMost(1) & Is.AtLeast(1) & Is.GreaterThan(0) & Is.Positive & Is.InRange(1, 1));
        Assert.That(negative, Is.Negative & Is.LessThanOrEqualTo(-1.5) & Is.GreaterThanOrEqualTo(-1.5));
        Assert.That(() => Assert.That(one, Is.LessThan(one)),
            Throws.InstanceOf<AssertionException>().With.Message.Contain("less than 1, no NaN"));
    }

    [Test]
    public void The_largest_of_values_with_a_NaN_is_NaN([Values(0, 1, 2)] int at)
    {
        double[] values = [1, 3, 2];
        values[at] = double.NaN;
        Assert.That((values.Largest(), values.Largest(v => -v), values.Select(v => (float)v).Largest()),
            Is.EqualTo((double.NaN, double.NaN, float.NaN)));
        Assert.That(values.LargestBy(v => v), Is.NaN);
    }

    [Test]
    public void The_largest_of_numbers_is_the_first_of_them()
    {
        (double Value, int At)[] values = [(1, 0), (3, 1), (3, 2), (2, 3)];
        Assert.That((values.Largest(v => v.Value), values.LargestBy(v => v.Value).At, values.LargestBy(v => -v.Value).At),
            Is.EqualTo((3, 1, 0)));
        Assert.That(() => Array.Empty<double>().Largest(), Throws.InvalidOperationException);
    }
}
