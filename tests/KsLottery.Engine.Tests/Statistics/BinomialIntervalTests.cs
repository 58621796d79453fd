using System.Text.Json;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Statistics;

internal sealed class BinomialIntervalTests
{
    [Test]
    public void Intervals_are_those_of_SciPy_from_one_trial_to_thirty_million()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "binomial_golden.json")));
        RelativeError error = new(1e-9);
        int count = 0;
        foreach (double[] row in golden.RootElement.GetProperty("intervals").EnumerateArray().Select(row => row.Numbers()))
        {
            BinomialInterval interval = BinomialInterval.ClopperPearson((long)row[0], (long)row[1], row[2]);
            string where = $"{row[0]} of {row[1]} at {row[2]}";
            Assert.That((interval.Low, interval.High), Is.EqualTo((row[3], row[4])).Using<(double Low, double High)>((a, b) =>
                Math.Abs(a.Low - b.Low) < 1e-11 && Math.Abs(a.High - b.High) < 1e-11), $"binomtest's {where}");
            error.Compare(interval.Low, row[5], $"low of {where}");
            error.Compare(interval.High, row[6], $"high of {where}");
            count++;
        }
        Assert.That(count, Is.GreaterThan(250));
        error.AssertWithinTolerance();
    }

    [Test]
    public void Ends_at_none_and_all_are_the_closed_form()
    {
        foreach (int n in (int[])[1, 7, 100])
        {
            double root = Math.Pow(0.025, 1.0 / n);
            BinomialInterval none = BinomialInterval.ClopperPearson(0, n), all = BinomialInterval.ClopperPearson(n, n);
            Assert.That((none.Low, all.High), Is.EqualTo((0.0, 1.0)));
            Assert.That(none.High, Is.EqualTo(1 - root).Within(1e-13));
            Assert.That(all.Low, Is.EqualTo(root).Within(1e-13));
        }
    }

    [Test]
    public void The_interval_is_its_own_mirror_image_and_grows_with_the_confidence()
    {
        BinomialInterval some = BinomialInterval.ClopperPearson(37, 120), others = BinomialInterval.ClopperPearson(83, 120),
            surer = BinomialInterval.ClopperPearson(37, 120, 0.99);
        Assert.That(some.Low, Is.EqualTo(1 - others.High).Within(1e-14));
        Assert.That(some.High, Is.EqualTo(1 - others.Low).Within(1e-14));
        Assert.That((surer.Low < some.Low, surer.High > some.High), Is.EqualTo((true, true)));
    }

    [Test]
    public void Tails_of_a_binomial_distribution_are_its_sums([Values(0, 0.01, 0.3, 0.5, 0.8, 1)] double p)
    {
        // (a, b): a successes or more among a + b - 1 trials.
        foreach ((long a, long b, Func<double, double> fewer) in ((long, long, Func<double, double>)[])
            [(1, 1, x => 1 - x), (1, 3, x => Math.Pow(1 - x, 3)), (2, 2, x => Math.Pow(1 - x, 3) + (3 * x * Math.Pow(1 - x, 2))),
                (3, 1, x => 1 - Math.Pow(x, 3))])
        {
            (double atLeast, double below) = IncompleteBeta.Tails(p, a, b);
            Assert.That(below, Is.EqualTo(fewer(p)).Within(1e-15));
            Assert.That(atLeast, Is.EqualTo(1 - fewer(p)).Within(1e-15));
        }
    }

    [Test]
    public void Arguments_outside_their_range_are_named()
    {
        Assert.That(() => BinomialInterval.ClopperPearson(0, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => BinomialInterval.ClopperPearson(-1, 4),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 4"));
        Assert.That(() => BinomialInterval.ClopperPearson(5, 4),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 4"));
        foreach (double confidence in (double[])[0, 1, double.NaN])
            Assert.That(() => BinomialInterval.ClopperPearson(1, 4, confidence),
                Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("0.95"));
    }
}
