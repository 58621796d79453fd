using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Devices;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Every kind of rows through every row kernel of every device: the results of the reference on the processor, bit for bit.</summary>
[TestFixture(TestDevices.Simulated), TestFixture(TestDevices.Reversed), TestFixture(TestDevices.OpenCl)]
public sealed class DeviceRowTests(string deviceName)
{
    private static readonly string[] Kernels = [KsDeviceKernels.Count, KsDeviceKernels.Sort, KsDeviceKernels.SortWide];

    private static readonly ElementType[] Types = [ElementType.F32, ElementType.F16, ElementType.BF16];

    private KernelDevice _device = null!;

    private bool IsSimulated => deviceName != TestDevices.OpenCl;

    [OneTimeSetUp]
    public void Open()
    {
        TestDevices.Kernel("KsSortWide_F32");
        _device = TestDevices.Open(deviceName);
    }

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    /// <remarks>A simulated device takes a millisecond for a barrier: there, the kinds are shared out among kernels and types.</remarks>
    [Test]
    public void Rows_of_every_kind_have_the_results_of_the_reference(
        [Values(KsDeviceKernels.Count, KsDeviceKernels.Sort, KsDeviceKernels.SortWide)] string kernel,
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        if (IsSimulated)
        {
            int turn = (3 * Array.IndexOf(Kernels, kernel)) + Array.IndexOf(Types, type), turns = Kernels.Length * Types.Length;
            AssertSame(kernel, 37 + turn, type, type, [.. RowRegimes.Names.Where((_, i) => i % turns == turn)], seeds: 1);
            return;
        }
        foreach (int width in new[] { 1, 2, 3, 15, 16, 31, 32, 33, 64, 65, 100, 255, 257, 288, 500, 768, 1000, 1024, 1025, 2048, 4096 })
            AssertSame(kernel, width, type, type, RowRegimes.Names, seeds: 3);
    }

    [TestCase(1100), TestCase(5000), TestCase(20_000), TestCase(65_535), TestCase(65_536)]
    public void Wide_rows_have_the_results_of_the_reference(int width)
    {
        if (IsSimulated && width > 1100) Assert.Ignore("too slow on a simulated device");
        foreach (ElementType type in Types) AssertSame(null, width, type, type, IsSimulated ? ["unrelated"] : RowRegimes.Names, seeds: 1);
    }

    [TestCase(ElementType.F32, ElementType.BF16), TestCase(ElementType.BF16, ElementType.F16), TestCase(ElementType.F16, ElementType.F32)]
    [TestCase(ElementType.BF16, ElementType.F32), TestCase(ElementType.F16, ElementType.BF16), TestCase(ElementType.F32, ElementType.F16)]
    public void Rows_of_two_types_are_compared_as_F32(ElementType before, ElementType after)
    {
        foreach (int width in IsSimulated ? [33] : new[] { 33, 600 })
            AssertSame(null, width, before, after, IsSimulated ? ["noise-1e-3", "infinities"] : RowRegimes.Names, seeds: 1);
    }

    /// <summary>Each kernel once, at sizes that a checker of memory accesses can bear; run by name where one is loaded as the OpenCL driver.</summary>
    [Test, Explicit("for a checker of memory accesses"), Category("oclgrind")]
    public void Smallest_rows_through_every_kernel([Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        string[] regimes = ["unrelated", "noise-1e-3", "few-values", "signed-zeros"];
        foreach (string kernel in Kernels) AssertSame(kernel, 70, type, type, regimes, seeds: 1);
        AssertSame(KsDeviceKernels.Count, 1030, type, type, ["unrelated"], seeds: 1);
        AssertSame(KsDeviceKernels.Sort, 1030, type, type, ["unrelated"], seeds: 1);
        AssertSame(null, 33, type, type == ElementType.F32 ? ElementType.F16 : ElementType.F32, regimes, seeds: 1);
    }

    /// <summary>Counting must not leave everything to sorting: rows as they occur are resolved.</summary>
    [Test]
    public void Counting_resolves_rows_as_they_occur(
        [Values("unrelated", "noise-1e-3", "ninety-percent-same", "scaled", "uniform", "outliers", "last-differs", "zeros")] string regime,
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        if (IsSimulated && regime is not ("unrelated" or "outliers")) Assert.Ignore("too slow on a simulated device");
        int width = IsSimulated ? 600 : 4096, rows = IsSimulated ? 1 : 8;
        (byte[] before, byte[] after) = Fill([regime], rows, width, type, type);
        int[] outcomes = Count(before, after, rows, width, type);
        for (int row = 0; row < rows; row++) Assert.That(outcomes[2 * row], Is.Not.EqualTo(KsLottery.Kernels.KsOutcomes.Unresolved), $"row {row}");
    }

    private int[] Count(byte[] before, byte[] after, int rows, int width, ElementType type)
    {
        string map = type == ElementType.BF16 ? "KeyBuckets" : "ValueBuckets";
        using DeviceQueue queue = _device.CreateQueue();
        using DeviceBuffer a = Upload(queue, before), b = Upload(queue, after), results = _device.Allocate(8 * rows);
        queue.Launch(TestDevices.Kernel($"KsCount_{type.ToName()}_{map}_Buckets{(width > 1024 ? 8192 : 2048)}"), rows,
            KernelArgument.View(results, 0, 2 * rows), KernelArgument.View(a, 0, rows * width), KernelArgument.View(b, 0, rows * width), width);
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

    private void AssertSame(string? kernel, int width, ElementType beforeType, ElementType afterType, string[] regimes, int seeds)
    {
        int rows = regimes.Length * seeds;
        (byte[] before, byte[] after) = Fill(regimes, rows, width, beforeType, afterType);
        RowMatrix a = RowMatrix.FromMemory(before, beforeType, rows, width), b = RowMatrix.FromMemory(after, afterType, rows, width);
        RowScanResult expected = RowScan.Run(a, b, new() { Threads = 1, Kernel = "reference" });
        RowScanResult actual = RowScan.Run(a, b, new() { Threads = 1, Kernel = kernel, KernelDevice = _device });
        for (int row = 0; row < rows; row++)
        {
            string what = $"{regimes[row % regimes.Length]}, row {row}, width {width}, {beforeType} and {afterType}, {actual.Kernel}";
            Assert.That(actual.Rows[row], Is.EqualTo(expected.Rows[row]), what);
            Assert.That(BitConverter.SingleToInt32Bits(actual.Rows[row].Location), Is.EqualTo(BitConverter.SingleToInt32Bits(expected.Rows[row].Location)), what);
        }
        Assert.That(width < 15 || expected.LargestCount > 0);
    }

    /// <summary>Rows of the regimes in turn; every row of the seventh round holds a NaN, every row of the eleventh is unchanged.</summary>
    private static (byte[] Before, byte[] After) Fill(string[] regimes, int rows, int width, ElementType beforeType, ElementType afterType)
    {
        List<byte> before = [], after = [];
        float[] a = new float[width], b = new float[width];
        for (int row = 0; row < rows; row++)
        {
            RowRegimes.Fill(regimes[row % regimes.Length], (row * 7919) + width, a, b);
            if (row % 31 == 30) a[width / 2] = float.NaN;
            if (row % 29 == 28) a.CopyTo(b, 0);
            foreach (float value in a) before.AddRange(Bytes(value, beforeType));
            foreach (float value in b) after.AddRange(Bytes(value, afterType));
        }
        return ([.. before], [.. after]);
    }

    private static byte[] Bytes(float value, ElementType type) => type switch
    {
        ElementType.F32 => BitConverter.GetBytes(value),
        ElementType.F16 => BitConverter.GetBytes((Half)value),
        _ => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
    };
}
