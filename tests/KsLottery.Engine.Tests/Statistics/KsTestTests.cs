using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Statistics;

internal sealed class KsTestTests
{
    [Test]
    public void All_70_reference_cases_hold()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("ks", "ks_2samp_cases.json")));
        int cases = 0;
        double worst = 0;
        foreach (JsonElement item in document.RootElement.EnumerateArray())
        {
            string id = item.GetProperty("id").GetString()!;
            KsResult result = KsTest.TwoSample(
                Sample(item.GetProperty("x")), Sample(item.GetProperty("y")),
                Options(item.GetProperty("alternative").GetString()!, item.GetProperty("method").GetString()!));
            double p = item.GetProperty("scipy1101_pvalue").GetDouble();
            Assert.That(result.Statistic, Is.EqualTo(item.GetProperty("scipy1101_statistic").GetDouble()), id);
            Assert.That(result.PValue, Is.EqualTo(p).Within(item.GetProperty("rtol").GetDouble() * p), id);
            worst = Math.Max(worst, Math.Abs(result.PValue / p - 1));
            cases++;
        }
        TestContext.Out.WriteLine($"worst relative error {worst:E2}");
        Assert.That(cases, Is.EqualTo(70));
    }

    [Test]
    public void Random_samples_give_SciPys_statistic_p_value_location_and_sign()
    {
        RelativeError exact = new(1e-11), asymptotic = new(1e-11), pelzGood = new(1e-5);
        int fallbacks = 0;
        foreach (JsonElement item in Golden.Section("two_sample").EnumerateArray())
        {
            bool stored = item.TryGetProperty("x", out JsonElement sample);
            double[] x = stored ? sample.Numbers() : Weyl(item.GetProperty("weyl")[0]);
            double[] y = stored ? item.GetProperty("y").Numbers() : Weyl(item.GetProperty("weyl")[1]);
            foreach (JsonElement expected in item.GetProperty("results").EnumerateArray())
            {
                KsOptions options = Options(expected[0].GetString()!, expected[1].GetString()!);
                KsResult result = KsTest.TwoSample(x, y, options);
                string where = $"n = {x.Length}, m = {y.Length}, {options.Alternative}, {options.Method}";
                Assert.That((result.Location, result.Sign), Is.EqualTo((expected[4].GetDouble(), expected[5].GetInt32())), where);
                // Where SciPy's own exact computation overflowed, it warned and gave the asymptotic p: ours stays exact (see paths).
                bool fellBack = expected[6].GetBoolean();
                if (fellBack) fallbacks++;
                Assert.That(result.Statistic, fellBack
                    ? Is.EqualTo(expected[2].GetDouble()).Within(1e-15) : Is.EqualTo(expected[2].GetDouble()), where);
                if (fellBack) continue;
                bool isPelzGood = result.Method == KsMethod.Asymptotic && options.Alternative == KsAlternative.TwoSided
                    && (double)x.Length * y.Length / (x.Length + y.Length) > 140;
                (result.Method == KsMethod.Exact ? exact : isPelzGood ? pelzGood : asymptotic)
                    .Compare(result.PValue, expected[3].GetDouble(), where);
                if (result.PValue > 0)
                    Assert.That(result.Log10PValue, Is.EqualTo(Math.Log10(result.PValue)).Within(1e-13), where);
            }
        }
        exact.AssertWithinTolerance();
        asymptotic.AssertWithinTolerance();
        pelzGood.AssertWithinTolerance();
        Assert.That(fallbacks, Is.GreaterThan(0));
    }

    [Test]
    public void Exact_tails_of_two_lengths_agree_with_whole_numbers_down_to_1e_500()
    {
        RelativeError value = new(1e-12), logarithm = new(1e-12);
        foreach (JsonElement row in Golden.Section("paths").EnumerateArray())
        {
            (int n, int m, long h) = (row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt64());
            KsAlternative alternative = row[3].GetInt32() == 1 ? KsAlternative.Less : KsAlternative.TwoSided;
            TailProbability p = LatticePathTail.Of(n, m, h, alternative);
            double expected = row[4].GetDouble();
            if (expected is 0 or > 1e-306) value.Compare(p.Value, expected, $"p({n}, {m}, {h}, {alternative})");
            if (expected < 0.5) logarithm.Compare(p.Log10, row[5].GetDouble(), $"log10 p({n}, {m}, {h}, {alternative})");
            Assert.That(LatticePathTail.Of(m, n, h, alternative), Is.EqualTo(p));
        }
        value.AssertWithinTolerance();
        logarithm.AssertWithinTolerance();
    }

    [Test]
    public void Path_counting_and_closed_form_agree_for_equal_lengths([Values(1, 2, 9, 400)] int n, [Values] KsAlternative alternative)
    {
        RelativeError error = new(1e-12);
        for (int h = 1; h <= n; h++)
            error.Compare(LatticePathTail.Of(n, n, h, alternative).Log10 - 1, EqualLengthTail.Of(n, h, alternative).Log10 - 1, $"h = {h}");
        error.AssertWithinTolerance();
    }

    [Test]
    public void Count_ties_and_method_describe_the_samples()
    {
        KsResult result = KsTest.TwoSample([1.0, 2, 2, -0.0, 7], [0.0, 2, 3, 3, 8]);
        Assert.That(result, Is.EqualTo(new KsResult(0.4, result.PValue, result.Log10PValue, 2, 1, 2, 2, KsMethod.Exact)));
        (double statistic, double pValue) = result;
        Assert.That((statistic, pValue), Is.EqualTo((0.4, result.PValue)));
        Assert.That(KsTest.TwoSample([1.0, 2], [3.0]).Count, Is.Null);
    }

    [Test]
    public void Alternatives_describe_distribution_functions_and_not_values()
    {
        double[] small = [1, 2, 3, 4, 5, 6, 7, 8], large = [11, 12, 13, 14, 15, 16, 17, 18];
        Assert.That(KsTest.TwoSample(small, large, Options("greater", "auto")).PValue, Is.LessThan(1e-3));
        Assert.That(KsTest.TwoSample(small, large, Options("less", "auto")).PValue, Is.EqualTo(1));
        Assert.That(KsTest.TwoSample(small, large).Sign, Is.EqualTo(1));
        Assert.That(KsTest.TwoSample(large, small).Sign, Is.EqualTo(-1));
    }

    [Test]
    public void Infinities_and_subnormals_are_values_and_order_does_not_matter()
    {
        double[] x = [double.PositiveInfinity, double.Epsilon, double.NegativeInfinity, 1];
        double[] y = [double.NegativeInfinity, double.NegativeInfinity, 0, -double.Epsilon];
        KsResult result = KsTest.TwoSample(x, y);
        Assert.That((result.Statistic, result.Location, result.Sign, result.Ties), Is.EqualTo((0.75, 0.0, -1, 1)));
        Assert.That(KsTest.TwoSample(x.Reverse().ToArray(), y.Reverse().ToArray()), Is.EqualTo(result));
        Assert.That(x[0], Is.EqualTo(double.PositiveInfinity), "the samples are not sorted in place");
    }

    [Test]
    public void Samples_of_float_give_what_the_same_values_give_as_double()
    {
        float[] x = [.. Enumerable.Range(0, 500).Select(i => MathF.Sin(i))];
        float[] y = [.. Enumerable.Range(0, 300).Select(i => MathF.Cos(i * 1.5f) + 0.25f)];
        double[] wideX = [.. x.Select(v => (double)v)], wideY = [.. y.Select(v => (double)v)];
        Assert.That(KsTest.TwoSample(x, y), Is.EqualTo(KsTest.TwoSample(wideX, wideY)));
    }

    [Test]
    public void Identical_samples_have_p_1_at_the_smallest_value()
    {
        double[] x = [3, 1, 2];
        Assert.That(KsTest.TwoSample(x, x), Is.EqualTo(new KsResult(0, 1, 0, 1, 1, 0, 3, KsMethod.Exact)));
    }

    [Test]
    public void Log10_p_is_valid_where_p_underflows()
    {
        double[] x = [.. Enumerable.Range(0, 4096).Select(i => (double)i)];
        KsResult equal = KsTest.TwoSample(x, [.. x.Select(v => v + 5000)]);
        Assert.That(equal.PValue, Is.Zero);
        Assert.That(equal.Log10PValue, Is.EqualTo(-2463.7).Within(0.05), "ecosystem survey of d = 4096");
        KsResult asymptotic = KsTest.TwoSample(x, [.. x.Select(v => v + 2000)], Options("two-sided", "asymp"));
        Assert.That(asymptotic.PValue, Is.Zero);
        Assert.That(asymptotic.Log10PValue, Is.EqualTo(-449.834538956109603603).Within(1e-11), "a 60-digit Birnbaum-Tingey sum");
        KsResult oneSided = KsTest.TwoSample(x, [.. x.Select(v => v + 5000)], Options("greater", "asymp"));
        Assert.That(oneSided.PValue, Is.Zero);
        Assert.That(oneSided.Log10PValue, Is.EqualTo(-4097 / Math.Log(10)).Within(1e-9), "n = m, D = 1: exp(-n - 1)");
    }

    [Test]
    public void A_lattice_beyond_32_bits_falls_back_to_asymptotic_and_says_so()
    {
        double[] x = [.. Enumerable.Range(0, 46_342).Select(i => (double)i)];
        KsResult result = KsTest.TwoSample(x, x.AsSpan(0, 46_341), Options("greater", "exact"));
        Assert.That(result.Method, Is.EqualTo(KsMethod.Asymptotic));
        Assert.That(KsTest.TwoSample(x, x.AsSpan(0, 23_171), Options("greater", "exact")).Method, Is.EqualTo(KsMethod.Exact), "gcd 23,171");
        Assert.That(KsTest.TwoSample(x, x, Options("two-sided", "exact")).Method, Is.EqualTo(KsMethod.Exact));
        Assert.That(KsTest.TwoSample(x, x).Method, Is.EqualTo(KsMethod.Asymptotic), "auto is exact up to 10,000");
    }

    [Test]
    public void NaN_follows_the_policy()
    {
        double[] clean = [1, 2, 3, 4], dirty = [double.NaN, 2.5, 5, double.NaN, 6];
        KsResult propagated = KsTest.TwoSample(clean, dirty);
        Assert.That(propagated.Statistic, Is.NaN);
        Assert.That(propagated.PValue, Is.NaN);
        Assert.That(propagated.Log10PValue, Is.NaN);
        Assert.That(propagated.Location, Is.NaN);
        Assert.That((propagated.Sign, propagated.Count, propagated.Ties), Is.EqualTo((0, (int?)null, 0)));
        KsResult omitted = KsTest.TwoSample(clean, dirty, new KsOptions { NanPolicy = NanPolicy.Omit });
        Assert.That(omitted, Is.EqualTo(KsTest.TwoSample(clean, [2.5, 5, 6])));
        Assert.That(() => KsTest.TwoSample(clean, dirty, new KsOptions { NanPolicy = NanPolicy.Raise }),
            Throws.ArgumentException.With.Message.Contains("y has a NaN at index 0 of 5"));
    }

    [Test]
    public void Empty_samples_and_unknown_options_are_refused()
    {
        Assert.That(() => KsTest.TwoSample([], [1.0]), Throws.ArgumentException.With.Message.Contains("sample x is empty"));
        Assert.That(() => KsTest.TwoSample([1f], []), Throws.ArgumentException.With.Message.Contains("sample y is empty"));
        Assert.That(() => KsTest.TwoSample([1.0], [double.NaN], new KsOptions { NanPolicy = NanPolicy.Omit }),
            Throws.ArgumentException.With.Message.Contains("all its 1 values are NaN"));
        Assert.Throws<ArgumentOutOfRangeException>(() => KsTest.TwoSample([1.0], [1.0], new KsOptions { Method = (KsMethod)7 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => KsTest.TwoSample([1.0], [1.0], new KsOptions { NanPolicy = (NanPolicy)7 }));
    }

    private static KsOptions Options(string alternative, string method) => new()
    {
        Alternative = alternative switch
        {
            "two-sided" => KsAlternative.TwoSided,
            "less" => KsAlternative.Less,
            "greater" => KsAlternative.Greater,
            _ => throw new ArgumentException(alternative, nameof(alternative)),
        },
        Method = method switch
        {
            "auto" => KsMethod.Auto,
            "exact" => KsMethod.Exact,
            "asymp" => KsMethod.Asymptotic,
            _ => throw new ArgumentException(method, nameof(method)),
        },
    };

    private static double[] Sample(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.Numbers()
        : MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(SharedData.Path(["ks", .. value.GetString()!.Split('/')]))).ToArray();

    private static double[] Weyl(JsonElement parameters)
    {
        int[] p = [.. parameters.EnumerateArray().Select(e => e.GetInt32())];
        return [.. Enumerable.Range(0, p[0]).Select(i => (((long)i * p[1]) + p[2]) % p[3] / (double)p[3])];
    }
}
