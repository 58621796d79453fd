using System.Text.Json;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tests.Tickets;

namespace KsLottery.Engine.Tests.Statistics;

/// <summary>PQ index, what it lets prune, and Gini index against the golden data of the shared folder.</summary>
public sealed class SparsityIndexTests
{
    [Test]
    public void The_PQ_index_and_what_may_go_are_those_of_sixty_digits()
    {
        int settings = 0, counts = 0, deviations = 0;
        foreach (JsonElement one in ScoreFixture.Golden("pqi.json").GetProperty("cases").EnumerateArray())
        {
            double[] values = ScoreFixture.Numbers(one.GetProperty("values"));
            foreach (JsonElement expected in one.GetProperty("expected").EnumerateArray())
            {
                settings++;
                string name = $"{one.GetProperty("name")} {expected}";
                PqIndex measure = new(Number(expected, "p"), Number(expected, "q"));
                SapRule rule = new(Number(expected, "eta"), Number(expected, "gamma"), Number(expected, "beta"));
                double index = measure.Of(values);
                long count = rule.CountOf(measure, index, values.Length);
                if (expected.GetProperty("pqi").ValueKind == JsonValueKind.String)
                {
                    Assert.That((index, count), Is.EqualTo((double.NaN, 0)), name);
                    continue;
                }
                Assert.That(index, Is.EqualTo(Number(expected, "pqi")).Within(1e-13), name);
                Assert.That(measure.BoundOf(index, values.Length, rule.Eta),
                    Is.EqualTo(Number(expected, "bound")).Within(1e-12 * Math.Max(1, values.Length)), name);
                long pruned = expected.GetProperty("prune").GetInt64();
                Assert.That(count, Is.EqualTo(pruned), name);
                counts++;
                if (pruned != expected.GetProperty("prune_bound_rounded_up").GetInt64()) deviations++;
            }
        }
        Assert.That((settings, counts, deviations), Is.EqualTo((184, 180, 9)));
    }

    [TestCase(0.5, 1, 0.15279, 0.15278691520602072), TestCase(1, 2, 0.20212, 0.20211543919713448)]
    public void A_Gaussian_has_its_constants(double p, double q, double constant, double exact)
    {
        // The quantiles of half a normal distribution, as good as millions of draws.
        double[] values = [.. Enumerable.Range(0, 40_000).Select(i => Quantile((i + 0.5) / 40_000))];
        double index = new PqIndex(p, q).Of(values);
        Assert.That(exact, Is.EqualTo(constant).Within(5e-6));
        Assert.That(index, Is.EqualTo(exact).Within(5e-5));
        Assert.That(new PqIndex(p, q).Of([.. values.Select(v => -3e7 * v)]), Is.EqualTo(index).Within(1e-12), "scale and sign");
        long count = new SapRule().CountOf(new(p, q), index, values.Length);
        Assert.That(count / (double)values.Length, Is.EqualTo(p == 1 ? 0.3633802276324184 : exact).Within(2e-4));
    }

    [Test]
    public void The_Gini_index_is_that_of_the_golden_data()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("measures.json").GetProperty("gini").EnumerateArray())
        {
            double expected = ScoreFixture.Numbers(JsonDocument.Parse($"[{one.GetProperty("expected").GetRawText()}]").RootElement)[0];
            Assert.That(GiniIndex.Of(ScoreFixture.Numbers(one.GetProperty("values"))),
                double.IsNaN(expected) ? Is.NaN : Is.EqualTo(expected).Within(1e-14), one.GetProperty("name").GetString());
            cases++;
        }
        Assert.That(cases, Is.EqualTo(11));
    }

    [TestCase(0, 1), TestCase(1.1, 2), TestCase(double.NaN, 1), TestCase(0.5, 0.9), TestCase(1, 1), TestCase(0.5, double.NaN)]
    public void Powers_outside_their_range_are_refused(double p, double q) =>
        Assert.That(() => new PqIndex(p, q), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("it must be"));

    [Test]
    public void What_is_not_finite_has_no_index()
    {
        Assert.That(new PqIndex().Of([1, double.NaN, 2]), Is.NaN);
        Assert.That(new PqIndex().Of([1, double.PositiveInfinity]), Is.NaN);
        Assert.That(GiniIndex.Of([1, double.NaN, 2]), Is.NaN);
        Assert.That(GiniIndex.Of([1, double.NegativeInfinity]), Is.NaN);
        Assert.That(() => new PqIndex().BoundOf(0.1, 5, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PqIndex().BoundOf(0.1, 5, double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static double Number(JsonElement one, string name) => one.GetProperty(name).GetDouble();

    /// <summary>The magnitude below which a part of a normal distribution's lies, by bisection of erf's series.</summary>
    private static double Quantile(double part)
    {
        double low = 0, high = 8;
        for (int i = 0; i < 50; i++)
        {
            double middle = (low + high) / 2;
            if (Part(middle) < part) low = middle;
            else high = middle;
        }
        return low;
    }

    /// <summary>P(|z| &lt; x) = √(2/π)·e^(-x²/2)·Σ x^(2k+1)/(1·3·…·(2k+1)).</summary>
    private static double Part(double x)
    {
        double term = x, sum = x;
        for (int k = 1; term > 1e-17 * sum; k++) sum += term *= x * x / ((2 * k) + 1);
        return Math.Min(1, Math.Sqrt(2 / Math.PI) * Math.Exp(-x * x / 2) * sum);
    }
}
