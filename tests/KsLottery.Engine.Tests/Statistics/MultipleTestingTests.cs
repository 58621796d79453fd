using System.Text.Json;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tests.Statistics;

internal sealed class MultipleTestingTests
{
    [TestCase(PValueAdjustment.Bonferroni, "bonferroni")]
    [TestCase(PValueAdjustment.Holm, "holm")]
    [TestCase(PValueAdjustment.BenjaminiHochberg, "bh")]
    public void Adjusted_values_are_those_of_Rs_formulas(PValueAdjustment adjustment, string column)
    {
        foreach (JsonElement item in Golden.Section("adjust").EnumerateArray())
        {
            double[] expected = item.GetProperty(column).Numbers();
            double[] actual = Adjust(adjustment, [.. item.GetProperty("p").Numbers().Select(Math.Log10)]);
            for (int i = 0; i < expected.Length; i++)
                Assert.That(Math.Pow(10, actual[i]), Is.EqualTo(expected[i]).Within(1e-11).Percent, $"{item.GetProperty("name")}, {i}");
        }
    }

    [TestCase(PValueAdjustment.Bonferroni, 3)]
    [TestCase(PValueAdjustment.Holm, 3)]
    [TestCase(PValueAdjustment.BenjaminiHochberg, 4)]
    public void Benjamini_and_Hochberg_1995_reject_as_many_of_their_15_as_they_say(PValueAdjustment adjustment, int rejected)
    {
        double[] published = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1.000];
        Assert.That(Adjust(adjustment, [.. published.Select(Math.Log10)]).Count(v => v <= Math.Log10(0.05)), Is.EqualTo(rejected));
    }

    [Test]
    public void NaN_stays_NaN_and_is_not_counted([Values] PValueAdjustment adjustment)
    {
        double[] with = Adjust(adjustment, [double.NaN, -3, -1, double.NaN, -5, 0]);
        double[] without = Adjust(adjustment, [-3, -1, -5, 0]);
        Assert.That(with, Is.EqualTo([double.NaN, without[0], without[1], double.NaN, without[2], without[3]]));
        Assert.That(Adjust(adjustment, [double.NaN]), Is.EqualTo([double.NaN]));
        Assert.That(Adjust(adjustment, []), Is.Empty);
    }

    [Test]
    public void Logarithms_far_below_a_double_keep_their_order([Values] PValueAdjustment adjustment)
    {
        double[] adjusted = Adjust(adjustment, [-2463.7, -400.5, double.NegativeInfinity, -400.6, 0]);
        Assert.That(adjusted[2], Is.EqualTo(double.NegativeInfinity));
        Assert.That(adjusted[0], Is.LessThan(adjusted[3]));
        Assert.That(adjusted[3], Is.LessThanOrEqualTo(adjusted[1]));
        Assert.That(adjusted[1], Is.LessThan(-399));
        Assert.That(adjusted[4], Is.Zero);
    }

    [Test]
    public void Large_inputs_stay_monotone_capped_and_equal_for_equals([Values] PValueAdjustment adjustment)
    {
        uint state = 1;
        double[] log10P = new double[100_000];
        for (int i = 0; i < log10P.Length; i++)
        {
            state = state * 1664525 + 1013904223;
            log10P[i] = (state >> 16) % 50 == 0 ? double.NaN : -((state >> 8) % 4000 / 500.0);
        }
        double[] adjusted = Adjust(adjustment, log10P);
        int[] order = [.. Enumerable.Range(0, log10P.Length).Where(i => !double.IsNaN(log10P[i])).OrderBy(i => log10P[i])];
        for (int k = 1; k < order.Length; k++)
        {
            (double before, double after) = (adjusted[order[k - 1]], adjusted[order[k]]);
            Assert.That(before, log10P[order[k - 1]] == log10P[order[k]] ? Is.EqualTo(after) : Is.LessThanOrEqualTo(after));
            Assert.That(after, Is.InRange(log10P[order[k]], 0));
        }
        double[] inPlace = [.. log10P];
        MultipleTesting.Adjust(inPlace, adjustment, inPlace);
        Assert.That(inPlace, Is.EqualTo(adjusted));
    }

    [Test]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MultipleTesting.Adjust([-1, -2], PValueAdjustment.Holm, new double[1]));
        Assert.That(() => MultipleTesting.Adjust([-1, 0.5], PValueAdjustment.None, new double[2]),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("index 1"));
        Assert.Throws<ArgumentOutOfRangeException>(() => MultipleTesting.Adjust([-1], (PValueAdjustment)9, new double[1]));
    }

    private static double[] Adjust(PValueAdjustment adjustment, double[] log10P)
    {
        double[] adjusted = new double[log10P.Length];
        MultipleTesting.Adjust(log10P, adjustment, adjusted);
        return adjusted;
    }
}
