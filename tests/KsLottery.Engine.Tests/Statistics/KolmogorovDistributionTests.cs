using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Statistics;

internal sealed class KolmogorovDistributionTests
{
    // The table's own value, SciPy's, comes from the Pelz-Good expansion and is off by 2e-8; this one is from 60-digit arithmetic.
    private const string DeviatingArguments = "1600,0.03125";
    private const double DeviatingTruth = 0.086033861224053612871;

    [Test]
    public void Every_row_of_the_reference_tables_holds()
    {
        int rows = 0;
        foreach (string line in File.ReadLines(SharedData.Path("ks", "kolmogorov_tables.tsv")).Where(l => l[0] != '#').Skip(1))
        {
            string[] cells = line.Split('\t');
            double[] arguments = [.. cells[1].Split(',').Select(Parse)];
            double actual = cells[0] switch
            {
                "kolmogorov_sf" => KolmogorovDistribution.LimitSurvival(arguments[0]).Value,
                "smirnov_sf" => SmirnovDistribution.Survival((int)arguments[0], arguments[1]).Value,
                "kolmogn_sf" => KolmogorovDistribution.Survival((int)arguments[0], arguments[1]).Value,
                "kstwo_cdf" or "kolmogn_cdf" => KolmogorovDistribution.Distribution((int)arguments[0], arguments[1]),
                _ => double.NaN,
            };
            double expected = cells[1] == DeviatingArguments ? DeviatingTruth : Parse(cells[2]);
            Assert.That(actual, Is.EqualTo(expected).Within(Parse(cells[3]) * expected), line);
            rows++;
        }
        Assert.That(rows, Is.EqualTo(90));
    }

    [Test]
    public void Survival_and_distribution_agree_with_Durbins_matrix()
    {
        RelativeError survival = new(1e-12), distribution = new(1e-12);
        foreach (JsonElement row in Golden.Section("kolmogorov").EnumerateArray())
        {
            (int n, double x) = (row[0].GetInt32(), row[1].GetDouble());
            if (row[2].ValueKind == JsonValueKind.Number)
                survival.Compare(KolmogorovDistribution.Survival(n, x).Value, row[2].GetDouble(), $"sf({n}, {x})");
            distribution.Compare(KolmogorovDistribution.Distribution(n, x), row[3].GetDouble(), $"cdf({n}, {x})");
        }
        survival.AssertWithinTolerance();
        distribution.AssertWithinTolerance();
    }

    [Test]
    public void Expansion_agrees_with_the_bridge_where_both_apply()
    {
        RelativeError survival = new(1e-12), distribution = new(1e-12);
        foreach (int n in new[] { 201, 350, 1000, 3000 })
        {
            double first = Math.Max(16.0 / n, 0.2 / Math.Sqrt(n));
            for (double x = first; n * x * x < 8 && x < KolmogorovExpansion.LargestTailDistance; x *= 1.09)
            {
                if (n * x * x >= 0.7)
                    survival.Compare(KolmogorovExpansion.Survival(n, x).Value, KolmogorovBridge.Outside(n, x), $"sf({n}, {x})");
                if (n * x * x <= 0.9)
                    distribution.Compare(KolmogorovExpansion.Distribution(n, x), KolmogorovBridge.Inside(n, x), $"cdf({n}, {x})");
            }
        }
        survival.AssertWithinTolerance();
        distribution.AssertWithinTolerance();
    }

    [Test]
    public void Tail_expansion_agrees_with_twice_the_one_sided_sum_down_to_underflow()
    {
        RelativeError logarithm = new(1e-12), value = new(1e-12);
        foreach (int n in new[] { 201, 500, 2048, 32768 })
        {
            for (double x = Math.Max(Math.Sqrt(6.5 / n), 16.0 / n); x <= KolmogorovExpansion.LargestTailDistance; x *= 1.11)
            {
                TailProbability expanded = KolmogorovExpansion.Survival(n, x);
                TailProbability side = SmirnovDistribution.Survival(n, x);
                logarithm.Compare(expanded.Log10, side.Log10 + Math.Log10(2), $"log10 sf({n}, {x})");
                if (!(expanded.Value <= 1e-300)) value.Compare(expanded.Value, 2 * side.Value, $"sf({n}, {x})");
            }
        }
        logarithm.AssertWithinTolerance();
        value.AssertWithinTolerance();
    }

    [Test]
    public void One_sided_logarithms_agree_with_60_digit_sums()
    {
        RelativeError error = new(1e-13);
        foreach (JsonElement row in Golden.Section("smirnov").EnumerateArray())
        {
            (int n, double x) = (row[0].GetInt32(), row[1].GetDouble());
            error.Compare(SmirnovDistribution.Survival(n, x).Log10, row[2].GetDouble(), $"log10 sf({n}, {x})");
        }
        error.AssertWithinTolerance();
    }

    [TestCase(1, 1.0 / 3, 1)]
    [TestCase(1, 0.75, 0.5)]
    [TestCase(7, 1.0 / 14, 1)]
    [TestCase(20, 0.97, 2 * 3.486784401e-31)]
    [TestCase(20, 1.0, 0)]
    [TestCase(20, -1.0, 1)]
    [TestCase(100_000_000, 1e-9, 1)]
    public void Survival_has_its_closed_forms_at_the_ends(int n, double x, double expected) =>
        Assert.That(KolmogorovDistribution.Survival(n, x).Value, Is.EqualTo(expected).Within(1e-11 * expected));

    [Test]
    public void Survival_of_no_values_or_of_NaN_is_NaN()
    {
        Assert.That(KolmogorovDistribution.Survival(0, 0.5).Value, Is.NaN);
        Assert.That(KolmogorovDistribution.Survival(5, double.NaN).Log10, Is.NaN);
    }

    [Test]
    public void Survival_nears_the_limit_for_a_hundred_million_values()
    {
        const int N = 100_000_000;
        foreach (double z in new[] { 0.5, 0.8, 0.95, 1.5, 2.5, 4, 20 })
        {
            // The first correction of the limit replaces z by z + 1 / (6 sqrt(n)).
            TailProbability limit = KolmogorovDistribution.LimitSurvival(z + 1 / (6 * Math.Sqrt(N)));
            TailProbability actual = KolmogorovDistribution.Survival(N, z / Math.Sqrt(N));
            Assert.That(actual.Log10, Is.EqualTo(limit.Log10).Within(1e-6 * Math.Abs(limit.Log10)));
        }
    }

    private static double Parse(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
