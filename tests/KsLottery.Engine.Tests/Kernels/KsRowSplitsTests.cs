using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Kernels;

/// <summary>The parts that kernels fall back on, each alone, and kernels whose rows change between them: bit for bit the
/// reference.</summary>
[Category("instructions")]
public sealed class KsRowSplitsTests
{
    private static readonly int[] Widths = [1, 2, 17, 64, 65, 128, 130, 288, 1000, 4096];

    private static readonly string[] Lanes = ["512", "256", "128"];

    /// <summary>Rows in which a sort once won, beside those of the suite.</summary>
    private static readonly string[] Regimes = ["shift", "scale", "lognormal", "16-values", "256-values", "zeros", "two-modes", "sorted"];

    [Test]
    public void Splits_equal_the_reference([ValueSource(nameof(Lanes))] string lanes)
    {
        foreach (int width in Widths)
        {
            IKsRowKernel splits = Splits(lanes, width, 24), reference = KsRowKernels.Create(width, "reference");
            foreach (string regime in RowRegimes.Names.Concat(Regimes)) AssertSame(splits, reference, regime, width, seed: width);
        }
    }

    [TestCase(20_000), TestCase(65_536)]
    public void Wide_splits_equal_the_reference(int width)
    {
        IKsRowKernel splits = Splits(AnyLanes(), width, 24), reference = KsRowKernels.Create(width, "reference");
        foreach (string regime in Regimes.Concat(["noise-1e-6", "constant-before", "signed-zeros", "infinities"]))
            AssertSame(splits, reference, regime, width, seed: 5);
    }

    [Test]
    public void Splits_that_give_up_are_sorted()
    {
        IKsRowKernel splits = Splits(AnyLanes(), 700, maxPasses: 1), reference = KsRowKernels.Create(700, "reference");
        foreach (string regime in RowRegimes.Names) AssertSame(splits, reference, regime, 700, seed: 3);
    }

    [TestCase(64), TestCase(130), TestCase(4096), TestCase(20_000)]
    public void The_same_keys_are_found_in_any_order_and_no_others(int width)
    {
        KsSameKeys<int> singles = new();
        KsSameKeys<short> halves = new();
        SplitMix64 random = new((ulong)width);
        foreach (int values in new[] { 1, 3, 60, 30_000 })
        {
            for (int round = 0; round < 4; round++)
            {
                int[] before = new int[width];
                foreach (ref int key in before.AsSpan()) key = (random.NextBelow(values) - values / 2) * (round < 2 ? 1 : 65_536);
                int[] after = [.. before];
                for (int i = width - 1; i > 0; i--)
                {
                    int other = random.NextBelow(i + 1);
                    (after[i], after[other]) = (after[other], after[i]);
                }
                Assert.That(singles.Test(ref before[0], ref after[0], width), $"{values} values, {width}");
                AssertHalves(true);
                int at = random.NextBelow(width);
                after[at] = after[(at + 1) % width] != after[at] ? after[(at + 1) % width] : after[at] + 1;
                Assert.That(singles.Test(ref before[0], ref after[0], width), Is.False, $"one of {values} values differs, {width}");
                AssertHalves(false);

                void AssertHalves(bool areSame)
                {
                    short[] a = [.. before.Select(key => (short)(key >> (round < 2 ? 0 : 16)))];
                    short[] b = [.. after.Select(key => (short)(key >> (round < 2 ? 0 : 16)))];
                    if (!areSame && a.Order().SequenceEqual(b.Order())) return;  // the difference was in the bits that are cut off
                    Assert.That(halves.Test(ref a[0], ref b[0], width), Is.EqualTo(areSame), $"{values} values, {width}");
                }
            }
        }
    }

    [Test]
    public void Keys_whose_hashes_meet_are_left_to_splits()
    {
        const int Width = 1024;
        // The inverse of the multiplier modulo 2^32: these keys have hashes 0, 1, 2, ..., which all begin in one slot.
        int[] before = [.. Enumerable.Range(0, Width).Select(i => unchecked((int)(0x0E8B_2F51u * (uint)i)))], after = [.. before.Reverse()];
        Assert.That(new KsSameKeys<int>().Test(ref before[0], ref after[0], Width), Is.False, "it takes too long");
        float[] a = MemoryMarshal.Cast<int, float>(before).ToArray(), b = MemoryMarshal.Cast<int, float>(after).ToArray();
        (a, b) = ([.. a.Where(float.IsFinite)], [.. b.Where(float.IsFinite)]);
        AssertSame(Splits(AnyLanes(), a.Length, 24).Test(a, b), KsRowOutcome.Equal, "the same keys");
    }

    private static string AnyLanes()
    {
        if (!Lanes.Any(IsSupported)) Assert.Ignore("this processor has no vectors, or they are switched off");
        return Lanes.First(IsSupported);
    }

    [Test]
    public void Key_sums_equal_the_reference()
    {
        KsRowKeySums sums = new();
        foreach (int width in Widths)
        {
            IKsRowKernel reference = KsRowKernels.Create(width, "reference");
            foreach (string regime in RowRegimes.Names.Concat(Regimes))
            {
                (ushort[] a, ushort[] b) = Halves(regime, width, ElementType.F16);
                AssertSame(sums.Test<Float16>(a, b), reference.TestFloat16(a, b), $"F16 {regime}, width {width}");
                (a, b) = Halves(regime, width, ElementType.BF16);
                AssertSame(sums.Test<BFloat16>(b, a), reference.TestBFloat16(b, a), $"BF16 {regime}, width {width}");
            }
        }
    }

    [Test]
    public void Kernels_equal_the_reference_whatever_rows_come_before(
        [ValueSource(typeof(KsRowKernelTests), nameof(KsRowKernelTests.KernelNames))] string name, [Values(64, 128, 300, 4096)] int width)
    {
        if (!KsRowKernels.Known.Single(k => k.Name == name).IsSupported) Assert.Ignore($"this processor cannot run kernel {name}");
        IKsRowKernel kernel = KsRowKernels.Create(width, name), reference = KsRowKernels.Create(width, "reference");
        SplitMix64 random = new((ulong)width);
        string[] regimes = [.. Regimes, "unrelated", "noise-1e-3", "noise-1e-6", "ninety-percent-same", "signed-zeros", "constant-before"];
        for (int stretch = 0; stretch < 24; stretch++)
        {
            string regime = regimes[random.NextBelow(regimes.Length)];
            for (int row = random.NextBelow(6); row >= 0; row--) AssertSame(kernel, reference, regime, width, seed: stretch * 31 + row);
        }
    }

    private static void AssertSame(IKsRowKernel kernel, IKsRowKernel reference, string regime, int width, int seed)
    {
        (float[] before, float[] after) = Rows(regime, width, seed);
        AssertSame(kernel.Test(before, after), reference.Test(before, after), $"F32 {regime}, width {width}, seed {seed}");
        (ushort[] a, ushort[] b) = (Narrow(before, ElementType.F16), Narrow(after, ElementType.F16));
        AssertSame(kernel.TestFloat16(a, b), reference.TestFloat16(a, b), $"F16 {regime}, width {width}, seed {seed}");
        (a, b) = (Narrow(before, ElementType.BF16), Narrow(after, ElementType.BF16));
        AssertSame(kernel.TestBFloat16(a, b), reference.TestBFloat16(a, b), $"BF16 {regime}, width {width}, seed {seed}");
        before[width / 2] = float.NaN;
        Assert.That(kernel.Test(before, after), Is.EqualTo(KsRowOutcome.NotANumber), $"{regime}, width {width}");
    }

    private static (ushort[] Before, ushort[] After) Halves(string regime, int width, ElementType type)
    {
        (float[] before, float[] after) = Rows(regime, width, seed: width);
        return (Narrow(before, type), Narrow(after, type));
    }

    private static (float[] Before, float[] After) Rows(string regime, int width, int seed)
    {
        float[] before = new float[width], after = new float[width];
        SplitMix64 random = new((ulong)seed);
        if (!Regimes.Contains(regime)) RowRegimes.Fill(regime, seed, before, after);
        else
            foreach (float[] row in new[] { before, after })
                for (int i = 0; i < width; i++) row[i] = Value(regime, ref random, row == after);
        if (regime == "sorted")
        {
            Array.Sort(before);
            Array.Sort(after);
        }
        return (before, after);
    }

    private static float Value(string regime, ref SplitMix64 random, bool isAfter)
    {
        float normal = (float)random.NextNormal();
        return regime switch
        {
            "shift" => isAfter ? normal + 1 : normal,
            "scale" => isAfter ? normal * 2 : normal,
            "lognormal" => MathF.Exp(3 * normal),
            "16-values" => random.NextBelow(16) * 0.02f,
            "256-values" => (random.NextBelow(256) - 128) * 0.02f,
            "zeros" => random.NextBelow(10) > 0 ? 0 : normal,
            "two-modes" => normal * 0.01f + (random.NextBelow(2) * 5 - 2.5f),
            _ => normal,
        };
    }

    private static bool IsSupported(string lanes) => KsRowKernels.Known.Single(k => k.Name == "vector" + lanes).IsSupported;

    internal static KsRowSplits Splits(string lanes, int width, int maxPasses)
    {
        if (!IsSupported(lanes)) Assert.Ignore($"this processor has no vectors of {lanes} bits");
        return lanes switch
        {
            "512" => new("splits", width, new KsKeySplitter<KsKeyLanes512<int>, Vector512<int>, int>(width, maxPasses),
                new KsKeySplitter<KsKeyLanes512<short>, Vector512<short>, short>(width, maxPasses)),
            "256" => new("splits", width, new KsKeySplitter<KsKeyLanes256<int>, Vector256<int>, int>(width, maxPasses),
                new KsKeySplitter<KsKeyLanes256<short>, Vector256<short>, short>(width, maxPasses)),
            _ => new("splits", width, new KsKeySplitter<KsKeyLanes128<int>, Vector128<int>, int>(width, maxPasses),
                new KsKeySplitter<KsKeyLanes128<short>, Vector128<short>, short>(width, maxPasses)),
        };
    }

    private static void AssertSame(KsRowOutcome actual, KsRowOutcome expected, string what)
    {
        if (actual.Count != expected.Count || actual.Sign != expected.Sign
            || BitConverter.SingleToInt32Bits(actual.Location) != BitConverter.SingleToInt32Bits(expected.Location))
            Assert.Fail($"{what}: expected {expected}, got {actual}");
    }

    private static ushort[] Narrow(float[] row, ElementType type)
    {
        ushort[] bits = new ushort[row.Length];
        ElementCodec.Of(type).Narrow(row, MemoryMarshal.AsBytes(bits.AsSpan()));
        return bits;
    }
}
