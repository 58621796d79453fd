using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Kernels;

/// <summary>No row takes more than what docs/performance.md proves, by the kernels' own count of what their loops go through.</summary>
[Category("instructions")]
[TestFixtureSource(nameof(KernelNames))]
public sealed class KsRowEffortTests(string kernelName)
{
    private const int Rows = 6;

    private static readonly int[] Widths = [64, 100, 128, 129, 288, 700, 1024, 4096, 20_000];

    private static readonly ElementType[] Types = [ElementType.F32, ElementType.F16, ElementType.BF16];

    public static IEnumerable<string> KernelNames() =>
        KsRowKernels.Known.Select(k => k.Name).Where(n => n is not ("reference" or "scalar"));

    [SetUp]
    public void SkipWhatThisProcessorCannotRun()
    {
        if (!KsRowKernels.Known.Single(k => k.Name == kernelName).IsSupported)
            Assert.Ignore($"this processor cannot run kernel {kernelName}");
    }

    [Test]
    public void No_row_takes_more_than_the_bound([ValueSource(nameof(Widths))] int width)
    {
        foreach (ElementType type in Types)
        {
            IKsRowKernel kernel = KsRowKernels.Create(width, kernelName), reference = KsRowKernels.Create(width, "reference");
            foreach (string regime in RowRegimes.Names.Concat(SlowRows.Names))
            {
                for (int row = 0; row < Rows; row++)
                {
                    (byte[] before, byte[] after) = Make(regime, type, width, row);
                    KsRowOutcome expected = reference.TestStored(before, after, type);
                    Assert.That(kernel.TestStored(before, after, type), Is.EqualTo(expected), $"{type} {regime}, width {width}, row {row}");
                    long effort = ((IKsEffort)kernel).Effort;
                    Assert.That(effort, Is.InRange(2L * width * type.ByteSize(), Bound(type, width)), $"{type} {regime}, row {row}");
                }
            }
        }
    }

    [Test]
    public void A_row_of_which_buckets_hold_too_much_is_split_or_sorted_within_the_bound()
    {
        const int Width = 4096;
        IKsRowKernel kernel = KsRowKernels.Create(Width, kernelName);
        (byte[] before, byte[] after) = Make("unrelated", ElementType.F32, Width, 1);
        kernel.TestStored(before, after, ElementType.F32);
        long usual = ((IKsEffort)kernel).Effort;
        long most = SlowRows.Names.Max(regime =>
        {
            IKsRowKernel fresh = KsRowKernels.Create(Width, kernelName);
            (byte[] a, byte[] b) = Make(regime, ElementType.F32, Width, 1);
            fresh.TestStored(a, b, ElementType.F32);
            return ((IKsEffort)fresh).Effort;
        });
        Assert.That(usual, Is.LessThan(300L * Width), "unrelated rows are counted once, and few buckets looked into");
        Assert.That(most, Is.GreaterThan(2 * usual), "what is taken besides is counted too");
    }

    /// <summary>Loops ask before they run: with less than the kernels' own budget more rows are refused, each at another place.</summary>
    [TestCase(100), TestCase(200), TestCase(300)]
    public void A_row_that_the_budget_turns_away_is_sorted_to_the_same_outcome(int bytesOfElement)
    {
        const int Width = 4096, Usual = 1536;
        IKsRowKernel reference = KsRowKernels.Create(Width, "reference");
        List<string> turnedAway = [];
        foreach (string regime in RowRegimes.Names.Concat(SlowRows.Names))
        {
            (byte[] before, byte[] after) = Make(regime, ElementType.F32, Width, 1);
            KsRowOutcome expected = reference.TestStored(before, after, ElementType.F32);
            if (IsSorted(bytesOfElement) && !IsSorted(Usual)) turnedAway.Add(regime);

            bool IsSorted(int bytes)
            {
                bool isSplit = false;
                IKsRowKernel kernel = Buckets(Width, bytes, () =>
                {
                    isSplit = true;
                    return KsRowSplitsTests.Splits(kernelName["vector".Length..], Width, maxPasses: 1);
                });
                Assert.That(kernel.TestStored(before, after, ElementType.F32), Is.EqualTo(expected), $"{regime}, {bytes} bytes");
                return isSplit && ((IKsEffort)kernel).Effort > new KsRowRadix(Width).Effort;
            }
        }
        Assert.That(turnedAway, Is.Not.Empty, "rows that buckets hold otherwise are sorted");
        if (bytesOfElement == 100) Assert.That(turnedAway, Does.Contain("unrelated"), "less than counting takes");
    }

    private IKsRowKernel Buckets(int width, int bytesOfElement, Func<KsRowSplits> newSplits) => kernelName switch
    {
        "vector512" => new KsRowBuckets<KsLanes512, Vector512<float>, Vector512<ushort>, Vector512<sbyte>>(
            width, newSplits, bytesOfElement),
        "vector256" => new KsRowBuckets<KsLanes256, Vector256<float>, Vector256<ushort>, Vector256<sbyte>>(
            width, newSplits, bytesOfElement),
        _ => new KsRowBuckets<KsLanes128, Vector128<float>, Vector128<ushort>, Vector128<sbyte>>(width, newSplits, bytesOfElement),
    };

    /// <summary>As docs/performance.md has it.</summary>
    private static long Bound(ElementType type, int width)
    {
        long padded = (width + 31) / 32 * 32;
        return type == ElementType.F32 ? 2_700 * padded + 2_300_000 : 2_300 * padded + 3_000_000;
    }

    private static (byte[] Before, byte[] After) Make(string regime, ElementType type, int width, int row)
    {
        float[] before = new float[width], after = new float[width];
        if (SlowRows.Names.Contains(regime)) SlowRows.Fill(regime, row, before, after);
        else RowRegimes.Fill(regime, row * 7919 + width, before, after);
        return (Narrow(before, type), Narrow(after, type));
    }

    private static byte[] Narrow(float[] row, ElementType type)
    {
        byte[] bytes = new byte[row.Length * type.ByteSize()];
        if (type == ElementType.F32) MemoryMarshal.AsBytes(row.AsSpan()).CopyTo(bytes);
        else ElementCodec.Of(type).Narrow(row, bytes);
        return bytes;
    }
}
