using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Kernels;

/// <summary>Rows whose elements moved little, which kernels take as intervals: bit for bit the reference.</summary>
[Category("instructions")]
public sealed class KsIntervalsTests
{
    private static readonly string[] Kinds =
    [
        "noise", "one-way", "far", "huge", "tiny", "offset", "grid", "swapped", "neighbours", "outliers", "heavy", "mostly-equal", "zeros",
    ];

    [Test]
    public void Kernels_equal_the_reference_on_rows_that_moved_little(
        [ValueSource(typeof(KsRowKernelTests), nameof(KsRowKernelTests.KernelNames))] string name, [ValueSource(nameof(Kinds))] string kind)
    {
        if (!KsRowKernels.Known.Single(k => k.Name == name).IsSupported) Assert.Ignore($"this processor cannot run kernel {name}");
        foreach (int width in new[] { 64, 96, 128, 288, 1000, 4096 })
        {
            // The first rows that another way took shut this one for a while: a kernel for each.
            foreach (float moved in new[] { 1e-7f, 1e-6f, 1e-5f, 1e-4f, 1e-3f })
            {
                IKsRowKernel kernel = KsRowKernels.Create(width, name), reference = KsRowKernels.Create(width, "reference");
                for (int seed = 0; seed < (width > 500 ? 1 : 4); seed++)
                {
                    (float[] before, float[] after) = Rows(kind, width, moved, seed);
                    string what = $"{kind} by {moved}, width {width}, seed {seed}";
                    Assert.That(kernel.Test(before, after), Is.EqualTo(reference.Test(before, after)), what);
                    Assert.That(kernel.Test(after, before), Is.EqualTo(reference.Test(after, before)), what + ", swapped");
                    before[width / 3] = float.NaN;
                    Assert.That(kernel.Test(before, after), Is.EqualTo(KsRowOutcome.NotANumber), what);
                }
            }
        }
    }

    [Test]
    public void Wide_rows_equal_the_reference_part_by_part(
        [ValueSource(typeof(KsRowKernelTests), nameof(KsRowKernelTests.KernelNames))] string name,
        [Values(16_384, 20_000, 65_536)] int width)
    {
        if (!KsRowKernels.Known.Single(k => k.Name == name).IsSupported) Assert.Ignore($"this processor cannot run kernel {name}");
        foreach (string kind in Kinds)
        {
            IKsRowKernel kernel = KsRowKernels.Create(width, name), reference = KsRowKernels.Create(width, "scalar");
            (float[] before, float[] after) = Rows(kind, width, 0.02f / width, seed: 1);
            for (int row = 0; row < 2; row++)  // The second begins with what the first had.
            {
                Assert.That(kernel.Test(before, after), Is.EqualTo(reference.Test(before, after)), $"{kind}, width {width}");
                Assert.That(kernel.Test(after, before), Is.EqualTo(reference.Test(after, before)), $"{kind}, width {width}, swapped");
            }
            before[width / 3] = float.NaN;
            Assert.That(kernel.Test(before, after), Is.EqualTo(KsRowOutcome.NotANumber), $"{kind}, width {width}");
        }
    }

    [TestCase(1), TestCase(2), TestCase(3), TestCase(5)]
    public void What_a_point_needs_is_kept(int least)
    {
        const int Count = 900;
        KsIntervals intervals = new(Count);
        for (int round = 0; round < KsIntervals.Rounds; round++)
        {
            (float[] before, float[] after) = Rows("noise", Count, 2e-3f, round);
            before.CopyTo(intervals.Before, 0);
            after.CopyTo(intervals.After, 0);
            int kept = intervals.Keep(Count, scale: 300, least, round);
            HashSet<(float, float)> ofKept = [.. intervals.Before.Take(kept).Zip(intervals.After)];
            int needed = 0;
            foreach (float point in before)
            {
                bool Covers((float Before, float After) i) => i.Before <= point != i.After <= point;
                (float, float)[] covering = [.. before.Zip(after).Where(Covers)];
                if (covering.Count(i => i.Item1 < i.Item2) < least) continue;
                needed++;
                Assert.That(covering.All(ofKept.Contains), Is.True, $"round {round}, {point}");
            }
            if (least < 4) Assert.That(needed > 0, Is.True, "there is such a point");
            Assert.That(kept < Count, Is.EqualTo(least > 1), "others are left out");
        }
    }

    private static (float[] Before, float[] After) Rows(string kind, int width, float moved, int seed)
    {
        SplitMix64 random = new((ulong)(seed * 1009 + width));
        float[] before = new float[width], after = new float[width];
        for (int i = 0; i < width; i++)
        {
            float value = (float)random.NextNormal(), step = moved * (float)random.NextNormal();
            (before[i], after[i]) = kind switch
            {
                "one-way" => (value, value + Math.Abs(step)),
                "far" => (value, value + (random.NextBelow(50) == 0 ? 60 * step : step)),
                "huge" => (value * 1e37f, (value + step) * 1e37f),
                "tiny" => (value * 1e-38f, (value + step) * 1e-38f),
                "offset" => (value + 1000, value + step * 1000 + 1000),
                "grid" => (MathF.Round(value * 200) / 200, MathF.Round(value * 200) / 200 + MathF.Round(step / moved) * moved),
                "outliers" => (value * (i % 97 == 5 ? 1e6f : 1), value * (i % 97 == 5 ? 1e6f : 1) + step),
                "heavy" => (MathF.Exp(3 * value), MathF.Exp(3 * value) + step),
                "mostly-equal" => (value, random.NextBelow(3) == 0 ? value + step : value),
                "zeros" => (i % 2 == 0 ? -0f : value, i % 2 == 0 ? (i % 4 == 0 ? 0f : step * 0.01f) : value + step),
                _ => (value, value + step),
            };
        }
        if (kind is "swapped" or "neighbours") Array.Sort(before);
        if (kind == "swapped")
            for (int i = 0; i < width; i++) after[i] = before[i ^ 1];
        if (kind == "neighbours")
            for (int i = 0; i < width; i++) after[i] = before[Math.Min(i + 1, width - 1)];
        return (before, after);
    }
}
