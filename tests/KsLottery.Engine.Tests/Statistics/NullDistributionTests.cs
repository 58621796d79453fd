using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Statistics;

internal sealed class NullDistributionTests
{
    [TestCase(887, 1.6851539828760502e-84)]
    [TestCase(554, 4.603766581932078e-33)]
    [TestCase(334, 2.8918289559574994e-12)]
    [TestCase(224, 9.526161380350235e-06)]
    [TestCase(120, 0.05945249341641134)]
    [TestCase(87, 0.3139315336293439)]
    [TestCase(81, 0.3998057554489396)]
    [TestCase(80, 0.4154049284561651)]
    [TestCase(60, 0.7718138932643601)]
    [TestCase(41, 0.9864693515313467)]
    [TestCase(33, 0.9993613142851743)]
    [TestCase(122, 0.05283, 1e-4)]
    [TestCase(123, 0.04976, 1e-4)]
    [TestCase(0, 1)]
    public void Published_values_of_width_4096_hold(int h, double expected, double tolerance = 1e-12) =>
        Assert.That(NullDistribution.ForEqualLengths(4096).PValue(h), Is.EqualTo(expected).Within(tolerance * expected));

    [Test]
    public void Exact_table_of_equal_lengths_holds_to_1e_12()
    {
        RelativeError error = new(1e-12);
        foreach (string[] cells in Rows(SharedData.Path("ks", "ks_equal_n_two_sided_exact.tsv")))
        {
            (int n, int h) = (int.Parse(cells[0], CultureInfo.InvariantCulture), int.Parse(cells[1], CultureInfo.InvariantCulture));
            error.Compare(NullDistribution.ForEqualLengths(n, KsMethod.Exact).PValue(h), Parse(cells[2]), $"p({n}, {h})");
        }
        error.AssertWithinTolerance();
    }

    [Test]
    public void Asymptotic_table_of_equal_lengths_holds_to_1e_11()
    {
        RelativeError error = new(1e-11);
        foreach (string[] cells in Rows(SharedData.Path("ks", "ks_equal_n_two_sided_exact.tsv")))
        {
            (int n, int h) = (int.Parse(cells[0], CultureInfo.InvariantCulture), int.Parse(cells[1], CultureInfo.InvariantCulture));
            double actual = NullDistribution.ForEqualLengths(n, KsMethod.Asymptotic).PValue(h);
            if (cells[4] == "nan") Assert.That(actual, Is.NaN);
            else error.Compare(actual, Parse(cells[4]), $"p({n}, {h})");
        }
        error.AssertWithinTolerance();
    }

    [Test]
    public void Both_p_values_and_their_logarithms_hold_up_to_width_65536()
    {
        RelativeError value = new(1e-12), logarithm = new(1e-12);
        foreach (JsonElement row in Golden.Section("equal").EnumerateArray())
        {
            (int n, int h, int sides) = (row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32());
            NullDistribution table = NullDistribution.ForEqualLengths(
                n, KsMethod.Exact, sides == 1 ? KsAlternative.Greater : KsAlternative.TwoSided);
            double p = row[3].GetDouble();
            if (p is 0 or > 1e-306) value.Compare(table.PValue(h), p, $"p({n}, {h}, {sides} sides)");
            // Near p = 1 the logarithm is that of a rounded 1 - p: there its absolute error counts.
            if (p < 0.5) logarithm.Compare(table.Log10PValue(h), row[4].GetDouble(), $"log10 p({n}, {h}, {sides} sides)");
            else Assert.That(table.Log10PValue(h), Is.EqualTo(row[4].GetDouble()).Within(1e-13));
        }
        value.AssertWithinTolerance();
        logarithm.AssertWithinTolerance();
    }

    [Test]
    public void P_values_fall_with_the_count_without_a_step_between_the_two_forms(
        [Values(1, 2, 3, 64, 1023, 4096)] int d, [Values] KsAlternative alternative)
    {
        NullDistribution table = NullDistribution.ForEqualLengths(d, KsMethod.Exact, alternative);
        for (int h = 1; h <= d; h++)
        {
            Assert.That(table.Log10PValue(h), Is.LessThanOrEqualTo(table.Log10PValue(h - 1)), $"h = {h}");
            Assert.That(table.PValue(h), Is.EqualTo(Math.Pow(10, table.Log10PValue(h))).Within(1e-10).Percent, $"h = {h}");
        }
    }

    [Test]
    public void P_underflows_at_width_4096_from_1721_and_its_logarithm_does_not()
    {
        NullDistribution table = NullDistribution.ForEqualLengths(4096);
        Assert.That(table.PValue(1720), Is.GreaterThan(0));
        Assert.That(table.PValue(1721), Is.Zero);
        Assert.That(table.Log10PValue(4096), Is.EqualTo(-2463.7).Within(0.05));
    }

    [TestCase(2048, 87, 105, 125, 159, 170, 178)]
    [TestCase(3072, 107, 128, 153, 194, 208, 218)]
    [TestCase(4096, 123, 148, 177, 224, 240, 252)]
    [TestCase(5120, 138, 165, 198, 250, 269, 282)]
    [TestCase(8192, 174, 209, 250, 317, 340, 356)]
    public void Critical_counts_hold(int d, params int[] expected)
    {
        NullDistribution table = NullDistribution.ForEqualLengths(d);
        double[] levels = [.05, .01, 1e-3, 1e-5, .05 / 32_000, .05 / 128_256];
        Assert.That(levels.Select(table.CriticalCount), Is.EqualTo(expected));
    }

    [Test]
    public void Critical_count_is_the_first_with_p_strictly_below_alpha()
    {
        NullDistribution table = NullDistribution.ForEqualLengths(4096);
        Assert.That(table.CriticalCount(0.1), Is.EqualTo(111));
        Assert.That(table.CriticalCount(table.PValue(123)), Is.EqualTo(124));
        Assert.That(table.CriticalCount(Math.BitIncrement(table.PValue(123))), Is.EqualTo(123));
        Assert.That(NullDistribution.ForEqualLengths(2).CriticalCount(0.05), Is.EqualTo(3), "no count of two values is significant");
    }

    [TestCase("en-da_input_embedding_hot_seed1", 94, 118)]
    [TestCase("en-da_input_embedding_seed1", 0, 1)]
    public void Both_p_values_of_a_tuned_pair_hold(string pair, int exactRows, int asymptoticRows)
    {
        NullDistribution exact = NullDistribution.ForEqualLengths(64);
        NullDistribution asymptotic = NullDistribution.ForEqualLengths(64, KsMethod.Asymptotic);
        RelativeError exactError = new(1e-12), asymptoticError = new(1e-12);
        int exactBelow = 0, asymptoticBelow = 0;
        foreach (string[] cells in Rows(SharedData.Path("models", "tuned-pairs", pair, "ks_rows.tsv")))
        {
            int h = (int)(Parse(cells[5]) * 64);
            exactError.Compare(exact.PValue(h), Parse(cells[6]), $"token {cells[0]}");
            asymptoticError.Compare(asymptotic.PValue(h), Parse(cells[7]), $"token {cells[0]}");
            if (h >= exact.CriticalCount(0.05)) exactBelow++;
            if (h >= asymptotic.CriticalCount(0.05)) asymptoticBelow++;
        }
        exactError.AssertWithinTolerance();
        asymptoticError.AssertWithinTolerance();
        Assert.That((exactBelow, asymptoticBelow), Is.EqualTo((exactRows, asymptoticRows)));
    }

    [TestCase(10_000, KsMethod.Exact)]
    [TestCase(10_001, KsMethod.Asymptotic)]
    public void Auto_is_exact_up_to_ten_thousand(int d, KsMethod expected)
    {
        Assert.That(NullDistribution.ForEqualLengths(d).Method, Is.EqualTo(expected));
        Assert.That(NullDistribution.ForEqualLengths(d), Is.SameAs(NullDistribution.ForEqualLengths(d, expected)));
    }

    [Test]
    public void Asymptotic_table_is_the_asymptotic_test_of_equal_lengths(
        [Values(1, 2, 63, 500, 20_000)] int d, [Values] KsAlternative alternative)
    {
        NullDistribution table = NullDistribution.ForEqualLengths(d, KsMethod.Asymptotic, alternative);
        float[] x = [.. Enumerable.Range(0, d).Select(i => (float)i)];
        float shift = d / 10 + 1;
        float[] y = [.. x.Select(v => alternative == KsAlternative.Less ? v - shift : v + shift)];
        KsResult result = KsTest.TwoSample(x, y, new KsOptions { Method = KsMethod.Asymptotic, Alternative = alternative });
        Assert.That(result.Count, Is.EqualTo((int)shift));
        Assert.That(table.PValue((int)shift), Is.EqualTo(result.PValue).Within(1e-9).Percent);
    }

    [TestCase(KsMethod.Exact, 65_536)]
    [TestCase(KsMethod.Asymptotic, 2000)]
    public void A_table_of_width_65536_does_not_hold_up_a_scan(KsMethod method, int largest)
    {
        NullDistribution.ForEqualLengths(65_535, method).PValue(1000);
        Stopwatch watch = Stopwatch.StartNew();
        NullDistribution table = NullDistribution.ForEqualLengths(65_536, method);
        double sum = 0;
        for (int h = 0; h <= largest; h++) sum += table.PValue(h);
        TestContext.Out.WriteLine($"{method}: {largest + 1} entries in {watch.Elapsed.TotalMilliseconds:F1} ms");
        Assert.That(sum, Is.GreaterThan(1));
        Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(5), "far above what a slow machine needs");
    }

    [Test]
    public void Many_threads_see_the_same_entries()
    {
        NullDistribution table = NullDistribution.ForEqualLengths(5000);
        double[][] seen = new double[8][];
        Parallel.For(0, seen.Length, t => seen[t] = [.. Enumerable.Range(0, 5001).Select(h => table.PValue((h * 7 + t) % 5001))]);
        for (int t = 0; t < seen.Length; t++)
            for (int h = 0; h <= 5000; h++)
                Assert.That(seen[t][h], Is.EqualTo(EqualLengthTail.Of(5000, (h * 7 + t) % 5001, KsAlternative.TwoSided).Value));
    }

    [Test]
    public void Arguments_out_of_range_are_named()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NullDistribution.ForEqualLengths(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NullDistribution.ForEqualLengths(int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => NullDistribution.ForEqualLengths(4, (KsMethod)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => NullDistribution.ForEqualLengths(4, KsMethod.Exact, (KsAlternative)(-1)));
        NullDistribution table = NullDistribution.ForEqualLengths(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.PValue(-1));
        Assert.That(() => table.Log10PValue(5), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 4"));
        foreach (double alpha in new[] { 0, 1, -0.5, double.NaN })
            Assert.Throws<ArgumentOutOfRangeException>(() => table.CriticalCount(alpha));
    }

    private static IEnumerable<string[]> Rows(string path) =>
        File.ReadLines(path).Where(l => l[0] != '#').Skip(1).Select(l => l.Split('\t'));

    private static double Parse(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
