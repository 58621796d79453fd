using System.Runtime.InteropServices;
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
