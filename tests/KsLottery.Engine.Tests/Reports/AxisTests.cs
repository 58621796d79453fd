using FsCheck;
using FsCheck.Fluent;
using KsLottery.Engine.Reports;

namespace KsLottery.Engine.Tests.Reports;

public sealed class AxisTests
{
    [Test]
    public void Marks_ascend_within_the_axis_and_none_is_named_like_another() =>
    Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
        ArbMap.Default.ArbFor<(NormalFloat Low, NormalFloat Length, byte Kind)>(), given =>
        {
            if (MakeAxis(given.Low.Get, given.Length.Get, given.Kind % 3) is not { } axis) return;
            double[] values = [.. axis.Ticks.Select(t => t.Value)];
            double tolerance = 1e-8 * (axis.High - axis.Low);
            Assert.That(values, Is.Ordered.And.Unique);
            Assert.That(values, Has.All.Matches(Is.InRange(axis.Low - tolerance, axis.High + tolerance)));
            Assert.That(values, Has.Length.Matches(Is.InRange(axis.Kind == AxisKind.Linear ? 2 : 1, 12)),
                $"{axis.Kind} from {axis.Low} to {axis.High}");
            Assert.That(axis.Ticks.Select(t => t.Label), Is.Unique, $"{axis.Kind} from {axis.Low} to {axis.High}");
        }));

    [Test]
    public void Even_marks_are_one_two_or_five_times_a_power_of_ten_apart() =>
    Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
        ArbMap.Default.ArbFor<(NormalFloat Low, NormalFloat Length)>(), given =>
        {
            if (MakeAxis(given.Low.Get, given.Length.Get, 0) is not { } axis) return;
            double step = axis.Ticks[1].Value - axis.Ticks[0].Value, leading = step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-6));
            Assert.That(new[] { 1.0, 2.0, 5.0 }, Has.Some.EqualTo(leading).Within(1e-3), $"{axis.Low} to {axis.High}: {step}");
        }));

    [Test]
    public void Places_rise_from_0_to_1_and_values_beyond_an_end_lie_at_it() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(
        ArbMap.Default.ArbFor<(NormalFloat Low, NormalFloat Length, byte Kind)>(), given =>
        {
            if (MakeAxis(given.Low.Get, given.Length.Get, given.Kind % 3) is not { } axis) return;
            double[] places = [.. Enumerable.Range(0, 21).Select(i => axis.Place(axis.Low + ((axis.High - axis.Low) * i / 20)))];
            Assert.That(places, Is.Ordered & Has.All.Matches(Is.InRange(0, 1)));
            Assert.That((places[0], places[^1]), Is.EqualTo((0.0, 1.0)).Within(1e-9));
            Assert.That((axis.Place(double.NegativeInfinity), axis.Place(double.MaxValue)), Is.EqualTo((0.0, 1.0)));
        }));

    [TestCase(0, 0.97, "0,0.2,0.4,0.6,0.8,1.0")]
    [TestCase(-0.5, 123.5, "0,50,100,150")]
    [TestCase(3, 3, "2.6,2.8,3.0,3.2,3.4")]
    [TestCase(0, 128_255, "0,50k,100k,150k")]
    public void A_rounded_axis_ends_at_marks(double low, double high, string labels)
    {
        Axis axis = Axis.Rounded("x", low, high);
        Assert.That(string.Join(',', axis.Ticks.Select(t => t.Label)), Does.Contain(labels.Split(',')[^1]));
        Assert.That(axis.Low, Is.LessThanOrEqualTo(low));
        Assert.That(axis.High, Is.GreaterThanOrEqualTo(high));
        Assert.That(axis.Ticks[^1].Value, Is.EqualTo(axis.High).Within(1e-9));
        Assert.That(axis.Ticks[0].Value, Is.EqualTo(axis.Low).Within(1e-9));
    }

    [Test]
    public void Powers_of_ten_name_a_logarithmic_axis() =>
        Assert.That(Axis.Log("α", 1e-6, 0.9).Ticks.Select(t => t.Label),
            Is.EqualTo(new[] { "10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1", "1" }));

    [TestCase(51.2, 60), TestCase(1, 1), TestCase(0.31, 0.4), TestCase(9.7, 10), TestCase(140, 150)]
    public void A_scale_of_square_roots_ends_at_a_mark_beyond_the_largest_value(double largest, double end)
    {
        Axis axis = Axis.Root("x", largest);
        Assert.That((axis.High, axis.Ticks[^1].Value), Is.EqualTo((end, end)).Within(1e-9));
    }

    [TestCase(1234, 2000), TestCase(0.9, 1), TestCase(5, 5), TestCase(21, 50)]
    public void A_scale_of_logarithms_ends_at_a_mark_beyond_the_largest_value(double largest, double end)
    {
        Axis axis = Axis.Log("x", 0.01, largest);
        Assert.That((axis.High, axis.Ticks[^1].Value), Is.EqualTo((end, end)).Within(1e-9));
    }

    [TestCase(1, 1), TestCase(2, 1), TestCase(double.NaN, 1), TestCase(0, double.PositiveInfinity)]
    public void An_axis_without_length_is_refused(double low, double high) =>
        Assert.That(() => Axis.Linear("x", low, high), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void A_logarithmic_axis_from_0_is_refused() =>
    Assert.That(() => Axis.Log("x", 0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static Axis? MakeAxis(double low, double length, int kind)
    {
        (low, length) = (low % 1e6, Math.Abs(length % 1e6));
        // A length near the last digit of its ends has no marks that a reader could tell apart.
        if (length < 1e-3 || length < 1e-6 * Math.Abs(low)) return null;
        return kind switch
        {
            0 => Axis.Linear("x", low, low + length),
            1 => Axis.Log("x", Math.Abs(low) + 1e-3, ((Math.Abs(low) + 1e-3) * 2) + length),
            _ => Axis.Root("x", length),
        };
    }
}
