using System.Runtime.InteropServices;
using KsLottery.Benchmarks;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Cli.Tests.Bench;

/// <summary>A figure is worth what its rows are: each regime makes the rows that it is named after.</summary>
public sealed class BenchRowsTests
{
    private const int Rows = 200, Width = 1024;
    private const double Sigma = 0.02;

    [Test]
    public void The_same_seed_makes_the_same_rows_and_another_does_not(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        foreach (string regime in BenchRows.Regimes)
        {
            byte[] first = Generate(regime, type, 20, 100, 1).Before.ToArray();
            Assert.That(Generate(regime, type, 20, 100, 1).Before.ToArray(), Is.EqualTo(first), regime);
            Assert.That(Generate(regime, type, 20, 100, 2).Before.ToArray(), Is.Not.EqualTo(first), regime);
        }
    }

    [Test]
    public void Unrelated_rows_are_normal_with_sigma_one_fiftieth()
    {
        float[] values = [.. Values("unrelated", after: false), .. Values("unrelated", after: true)];
        Assert.That(values.Average(), Is.EqualTo(0).Within(Sigma / 100));
        Assert.That(Math.Sqrt(values.Average(v => (double)v * v)), Is.EqualTo(Sigma).Within(Sigma / 100));
        Assert.That(values.Count(v => Math.Abs(v) < Sigma) / (double)values.Length, Is.EqualTo(0.6827).Within(0.005));
        Assert.That(values.Count(v => Math.Abs(v) > 3 * Sigma) / (double)values.Length, Is.EqualTo(0.0027).Within(0.0005));
    }

    [TestCase("noise-1e-3", 1e-3), TestCase("noise-1e-4", 1e-4), TestCase("noise-1e-6", 1e-6)]
    public void Noise_is_as_strong_as_its_name_says(string regime, double relative)
    {
        double square = Values(regime, after: false).Zip(Values(regime, after: true), (a, b) => (double)b - a).Average(d => d * d);
        Assert.That(Math.Sqrt(square), Is.EqualTo(Sigma * relative).Within(5).Percent);
    }

    [TestCase("identical", 200, 200), TestCase("ninety-percent-identical", 165, 195), TestCase("unrelated", 0, 0)]
    public void Rows_are_identical_as_often_as_the_regime_says(string regime, int min, int max)
    {
        BenchRows rows = Generate(regime, ElementType.BF16, Rows, Width, 1);
        Assert.That(RowScan.Run(rows.BeforeMatrix(Rows), rows.AfterMatrix(Rows)).Unchanged, Is.InRange(min, max));
    }

    [Test]
    public void Few_values_are_sixteen()
    {
        Assert.That(Values("few-values", after: false).Distinct().Count(), Is.EqualTo(16));
        Assert.That(Values("few-values", after: true).Distinct().Count(), Is.EqualTo(16));
    }

    [Test]
    public void Lognormal_and_cauchy_rows_have_the_quantiles_of_their_laws()
    {
        float[] lognormal = [.. Values("lognormal", after: true).Order()], cauchy = [.. Values("cauchy", after: true).Order()];
        int n = lognormal.Length;
        // One sigma above the middle lies at 84.13 %, and a quarter of a Cauchy law lies above its scale.
        Assert.That(Math.Log(lognormal[n / 2] / Sigma), Is.EqualTo(0).Within(0.05));
        Assert.That(Math.Log(lognormal[(int)(n * 0.8413)] / Sigma), Is.EqualTo(3).Within(0.05));
        Assert.That(cauchy[n / 2] / Sigma, Is.EqualTo(0).Within(0.02));
        Assert.That(cauchy[n * 3 / 4] / Sigma, Is.EqualTo(1).Within(0.03));
    }

    [Test]
    public void Rows_of_two_bytes_are_the_rounded_rows_of_four()
    {
        float[] exact = Values("unrelated", after: false);
        ReadOnlySpan<byte> bytes = Generate("unrelated", ElementType.BF16, Rows, Width, 1).Before.Span;
        ushort[] rounded = MemoryMarshal.Cast<byte, ushort>(bytes).ToArray();
        Assert.That(rounded.Zip(exact, (r, e) => Math.Abs(HalfPrecision.FromBFloat16(r) / e - 1)).Largest(),
            Is.LessThanOrEqualTo(1 / 256.0));
    }

    private static BenchRows Generate(string regime, ElementType type, int rows, int width, ulong seed)
    {
        BenchRows matrices = new(type, rows, width);
        matrices.Fill(regime, seed);
        return matrices;
    }

    private static float[] Values(string regime, bool after)
    {
        BenchRows rows = Generate(regime, ElementType.F32, Rows, Width, 1);
        return MemoryMarshal.Cast<byte, float>((after ? rows.After : rows.Before).Span).ToArray();
    }
}
