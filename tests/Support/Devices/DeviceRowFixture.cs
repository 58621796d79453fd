using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Kernels;

namespace KsLottery.Tests.Support;

/// <summary>Rows through every row kernel of a device that runs kernels: a few of each kind, small enough for a simulated one.</summary>
public abstract class DeviceRowFixture
{
    private protected static readonly string[] Kernels = [KsDeviceKernels.Count, KsDeviceKernels.Sort, KsDeviceKernels.SortWide];

    private static readonly ElementType[] Types = ElementTypes.Native;

    private KernelDevice _device = null!;

    private protected virtual bool IsSimulated => false;

    private protected abstract KernelDevice OpenDevice();

    [OneTimeSetUp]
    public void Open() => _device = OpenDevice();

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    /// <remarks>A simulated device takes a millisecond for a barrier: the kinds are shared out among kernels and types.</remarks>
    [Test]
    public void Rows_of_every_kind_have_the_results_of_the_reference(
        [Values(KsDeviceKernels.Count, KsDeviceKernels.Sort, KsDeviceKernels.SortWide)] string kernel,
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        int turn = (3 * Array.IndexOf(Kernels, kernel)) + Array.IndexOf(Types, type), turns = Kernels.Length * Types.Length;
        AssertSame(kernel, 37 + turn, type, type, [.. RowRegimes.Names.Where((_, i) => i % turns == turn)]);
    }

    [Test]
    public void Rows_wider_than_a_group_holds_have_the_results_of_the_reference([ValueSource(nameof(Types))] ElementType type) =>
        AssertSame(null, 1100, type, type, ["unrelated"]);

    [TestCase(ElementType.F32, ElementType.BF16), TestCase(ElementType.BF16, ElementType.F16), TestCase(ElementType.F16, ElementType.F32)]
    public void Rows_of_two_types_are_compared_as_F32(ElementType before, ElementType after) =>
        AssertSame(null, 33, before, after, ["noise-1e-3", "infinities"]);

    /// <summary>Counting must not leave everything to sorting: rows as they occur are resolved.</summary>
    [Test]
    public void Counting_resolves_rows_as_they_occur(
        [Values("unrelated", "noise-1e-3", "ninety-percent-same", "scaled", "uniform", "outliers", "last-differs", "zeros")] string regime,
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        if (IsSimulated && regime is not ("unrelated" or "outliers")) Assert.Ignore("too slow on a simulated device");
        int width = IsSimulated ? 600 : 4096, rows = IsSimulated ? 1 : 8;
        (byte[] before, byte[] after) = RowCases.Fill([regime], rows, width, type, type);
        int[] outcomes = Count(before, after, rows, width, type);
        for (int row = 0; row < rows; row++) Assert.That(outcomes[2 * row], Is.Not.EqualTo(KsOutcomes.Unresolved), $"row {row}");
    }

    private int[] Count(byte[] before, byte[] after, int rows, int width, ElementType type)
    {
        (string map, int buckets) = type == ElementType.BF16 ? ("KeyBuckets", 4096) : ("ValueBuckets", 8192);
        if (width <= 1024) buckets = 2048;
        using DeviceQueue queue = _device.CreateQueue();
        using DeviceBuffer a = Upload(queue, before), b = Upload(queue, after), results = _device.Allocate(8 * rows);
        queue.Launch(KernelCatalog.Get($"KsCount_{type.ToName()}_{map}_Buckets{buckets}"), rows, KernelArgument.View(results, 0, 2 * rows),
            KernelArgument.View(a, 0, rows * width), KernelArgument.View(b, 0, rows * width), width);
        using StagingBuffer read = _device.AllocateStaging(8 * rows);
        queue.Read(read, 0, results, 0, 8 * rows);
        queue.Finish();
        return MemoryMarshal.Cast<byte, int>(read.Bytes).ToArray();
    }

    private DeviceBuffer Upload(DeviceQueue queue, byte[] bytes)
    {
        DeviceBuffer buffer = _device.Allocate(bytes.Length);
        using StagingBuffer staging = _device.AllocateStaging(bytes.Length);
        bytes.CopyTo(staging.Bytes);
        queue.Write(buffer, 0, staging, 0, bytes.Length);
        queue.Finish();
        return buffer;
    }

    private protected void AssertSame(string? kernel, int width, ElementType beforeType, ElementType afterType, string[] regimes) =>
        Assert.That(RowCases.FirstDifference(_device, kernel, width, beforeType, afterType, regimes, seeds: 1), Is.Null);
}
