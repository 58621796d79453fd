using System.Runtime.InteropServices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every device against the reference, case by case; a new device joins by a line in <see cref="Devices"/>.</summary>
[Category("instructions")]
[TestFixtureSource(nameof(Devices))]
internal sealed class DeviceTests(string name, Func<IOperations> open)
{
    public static IEnumerable<TestFixtureData> Devices() =>
    [
        new TestFixtureData("cpu", () => (IOperations)new CpuOperations(1)).SetArgDisplayNames("cpu"),
        new TestFixtureData(TestDevices.OpenCl,
            () => (IOperations)TestDevices.OpenKernels(TestDevices.OpenCl)).SetArgDisplayNames(TestDevices.OpenCl),
    ];

    [TestCaseSource(typeof(OperationCases), nameof(OperationCases.Awkward))]
    public void Results_lie_as_near_the_reference_as_single_precision_allows(OperationCase operation)
    {
        using IOperations device = open();
        Assert.That(device.Name, Is.EqualTo(name));
        float[][] results = operation.On(device), again = operation.On(device);
        Assert.That(operation.Difference(results), Is.Null);
        for (int r = 0; r < results.Length; r++)
            Assert.That(MemoryMarshal.AsBytes<float>(again[r]).SequenceEqual(MemoryMarshal.AsBytes<float>(results[r])), Is.True,
                $"result {r} of a second run");
    }

    /// <summary>The last row of a sequence sees what a new row behind a cache of the same keys sees.</summary>
    [TestCase(1, 1, 4), TestCase(6, 2, 48)]
    public void A_cache_of_thousands_of_rows_gives_what_whole_sequences_give(int heads, int keyHeads, int headWidth)
    {
        const int Rows = 2100;
        AttentionShape shape = new(heads, keyHeads, headWidth);
        using DeviceBench bench = new(open());
        using IOperations device = bench.Device;
        DeviceMemory query = bench.Normal(Rows * shape.QueryWidth), keys = bench.Normal(Rows * shape.KeyWidth),
            values = bench.Normal(Rows * shape.KeyWidth);
        DeviceMemory output = bench.Dirty(Rows * shape.QueryWidth), cached = bench.Dirty(shape.QueryWidth);
        device.AttentionForward(output, bench.Room(Rows * heads), query, keys, values, shape, (int[])[0, Rows]);
        DeviceSpan last = query.Span.Slice((Rows - 1) * shape.QueryWidth, shape.QueryWidth);
        device.CachedAttentionForward(cached, last, keys, values, shape, Rows, (int[])[0], (int[])[Rows]);
        Assert.That(bench.Get(cached), Is.EqualTo(bench.Get(output.Span.Slice((Rows - 1) * shape.QueryWidth, shape.QueryWidth)))
            .Within(1e-6));
    }

    [Test]
    public void Sums_are_taken_in_double_precision()
    {
        using DeviceBench bench = new(open());
        using IOperations device = bench.Device;
        float[] numbers = bench.Numbers(300_007);
        DeviceMemory values = bench.Put(numbers);
        Assert.That(device.Sum(values), Is.EqualTo(numbers.Sum(x => (double)x)).Within(1e-9));
        Assert.That(device.SumOfSquares(values), Is.EqualTo(numbers.Sum(x => (double)x * x)).Within(1e-7));
        Assert.That(device.Sum(default), Is.Zero);
    }

    [Test]
    public void Allocated_bytes_are_counted_and_given_back()
    {
        using IOperations device = open();
        using (DeviceMemory first = device.Allocate(1000))
        using (device.Allocate(24))
            Assert.That(device.AllocatedBytes, Is.EqualTo(1024 * sizeof(float)));
        using DeviceMemory second = device.Allocate(10);
        Assert.That((device.AllocatedBytes, device.PeakAllocatedBytes), Is.EqualTo((10L * sizeof(float), 1024L * sizeof(float))));
    }
}
