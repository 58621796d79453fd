using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Kernels;

/// <summary>Every kernel against the sort-based reference: h, sign and location are equal, bit for bit.</summary>
[Category("instructions")]
[TestFixtureSource(nameof(KernelNames))]
public sealed class KsRowKernelTests(string kernelName)
{
    private static readonly int[] Widths = [1, 2, 3, 15, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 255, 257, 288, 500, 768, 1000, 2048,
        4096, 5120];

    public static IEnumerable<string> KernelNames() => KsRowKernels.Known.Select(k => k.Name).Where(n => n != "reference");

    [SetUp]
    public void SkipWhatThisProcessorCannotRun()
    {
        if (!KsRowKernels.Known.Single(k => k.Name == kernelName).IsSupported)
            Assert.Ignore($"this processor cannot run kernel {kernelName}");
    }

    [Test]
    public void F32_outcomes_equal_the_reference([ValueSource(typeof(RowRegimes), nameof(RowRegimes.Names))] string regime)
    {
        int different = 0;
        foreach (int width in Widths)
        {
            IKsRowKernel kernel = KsRowKernels.Create(width, kernelName), reference = KsRowKernels.Create(width, "reference");
            float[] before = new float[width], after = new float[width];
            for (int seed = 0; seed < (width < 300 ? 24 : 6); seed++)
            {
                RowRegimes.Fill(regime, seed * 7919 + width, before, after);
                KsRowOutcome expected = reference.Test(before, after);
                AssertSame(kernel.Test(before, after), expected, $"{regime}, width {width}, seed {seed}");
                AssertSame(kernel.Test(after, before), reference.Test(after, before), $"{regime} swapped, width {width}, seed {seed}");
                if (expected.Count > 0) different++;
            }
        }
        Assert.That(different > 0, Is.EqualTo(regime is not ("constant-both" or "zeros" or "permuted")),
            "the regime makes the rows that it is named after");
    }

    [Test]
    public void Half_precision_outcomes_equal_the_reference(
        [ValueSource(typeof(RowRegimes), nameof(RowRegimes.Names))] string regime,
            [Values(ElementType.F16, ElementType.BF16)] ElementType type)
    {
        foreach (int width in Widths)
        {
            IKsRowKernel kernel = KsRowKernels.Create(width, kernelName), reference = KsRowKernels.Create(width, "reference");
            float[] before = new float[width], after = new float[width];
            for (int seed = 0; seed < (width < 300 ? 24 : 6); seed++)
            {
                RowRegimes.Fill(regime, seed * 104729 + width, before, after);
                ushort[] a = Narrow(before, type), b = Narrow(after, type);
                AssertSame(Test(kernel, a, b, type), Test(reference, a, b, type), $"{regime}, width {width}, seed {seed}");
                AssertSame(Test(kernel, b, a, type), Test(reference, b, a, type), $"{regime} swapped, width {width}, seed {seed}");
            }
        }
    }

    [TestCase(8192), TestCase(20_000), TestCase(65_536)]
    public void Wide_rows_equal_the_reference(int width)
    {
        IKsRowKernel kernel = KsRowKernels.Create(width, kernelName), reference = KsRowKernels.Create(width, "reference");
        float[] before = new float[width], after = new float[width];
        foreach (string regime in RowRegimes.Names)
        {
            RowRegimes.Fill(regime, width, before, after);
            AssertSame(kernel.Test(before, after), reference.Test(before, after), $"{regime}, width {width}");
            foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16 })
            {
                ushort[] a = Narrow(before, type), b = Narrow(after, type);
                AssertSame(Test(kernel, a, b, type), Test(reference, a, b, type), $"{type} {regime}, width {width}");
            }
        }
    }

    [Test]
    public void A_NaN_anywhere_in_either_row_gives_no_count()
    {
        foreach (int width in new[] { 1, 7, 64, 100, 4096 })
        {
            IKsRowKernel kernel = KsRowKernels.Create(width, kernelName);
            float[] before = new float[width], after = new float[width];
            foreach (int at in new[] { 0, width / 2, width - 1 })
            {
                foreach (uint bits in new[] { 0x7fc0_0000u, 0xffc0_0001u, 0x7f80_0001u })
                {
                    RowRegimes.Fill("infinities", at, before, after);
                    before[at] = BitConverter.UInt32BitsToSingle(bits);
                    Assert.That(kernel.Test(before, after), Is.EqualTo(KsRowOutcome.NotANumber));
                    Assert.That(kernel.Test(after, before), Is.EqualTo(KsRowOutcome.NotANumber));
                    Assert.That(kernel.Test(before, before), Is.EqualTo(KsRowOutcome.NotANumber), "identical rows");
                }
                foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16 })
                {
                    ushort[] a = Narrow(after, type), b = (ushort[])a.Clone();
                    b[at] = 0xffc1;
                    Assert.That(Test(kernel, a, b, type), Is.EqualTo(KsRowOutcome.NotANumber));
                    Assert.That(Test(kernel, b, b, type), Is.EqualTo(KsRowOutcome.NotANumber));
                }
            }
            RowRegimes.Fill("unrelated", 1, before, after);
            Assert.That(kernel.Test(before, after).Count, Is.GreaterThan(0), "scratch memory is clean after a refusal");
        }
    }

    [Test]
    public void Rows_with_the_same_values_in_another_order_have_no_difference()
    {
        IKsRowKernel kernel = KsRowKernels.Create(4, kernelName);
        Assert.That(kernel.Test([1, -0f, 3, 2], [3, 2, 1, 0f]), Is.EqualTo(KsRowOutcome.Equal));
    }

    [Test]
    public void A_small_row_by_hand()
    {
        // Before has all its values below 1, after has one of three: the difference is 2 of 3 from 0.5 on.
        KsRowOutcome outcome = KsRowKernels.Create(3, kernelName).Test([0.5f, 0.25f, 0.5f], [1, 0.25f, 2]);
        Assert.That(outcome, Is.EqualTo(new KsRowOutcome(2, 1, 0.5f)));
        Assert.That(KsRowKernels.Create(3, kernelName).Test([1, 0.25f, 2], [0.5f, 0.25f, 0.5f]), Is.EqualTo(new KsRowOutcome(2, -1, 0.5f)));
    }

    private static void AssertSame(KsRowOutcome actual, KsRowOutcome expected, string what)
    {
        if (actual.Count != expected.Count || actual.Sign != expected.Sign
            || BitConverter.SingleToInt32Bits(actual.Location) != BitConverter.SingleToInt32Bits(expected.Location))
            Assert.Fail($"{what}: expected {expected}, got {actual}");
    }

    private static KsRowOutcome Test(IKsRowKernel kernel, ushort[] before, ushort[] after, ElementType type) =>
        type == ElementType.F16 ? kernel.TestFloat16(before, after) : kernel.TestBFloat16(before, after);

    private static ushort[] Narrow(float[] row, ElementType type)
    {
        ushort[] bits = new ushort[row.Length];
        ElementCodec.Of(type).Narrow(row, MemoryMarshal.AsBytes(bits.AsSpan()));
        return bits;
    }
}
