using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every device against the reference, case by case; a new device joins by a line in <see cref="Devices"/>.</summary>
[TestFixtureSource(nameof(Devices))]
internal sealed class DeviceTests(string name, Func<IOperations> open)
{
    public static IEnumerable<TestFixtureData> Devices() => [new TestFixtureData("cpu", () => (IOperations)new CpuOperations(1)).SetArgDisplayNames("cpu")];

    [TestCaseSource(typeof(OperationCases), nameof(OperationCases.All))]
    public void Results_lie_as_near_the_reference_as_single_precision_allows(OperationCase operation)
    {
        using IOperations device = open();
        Assert.That(device.Name, Is.EqualTo(name));
        using ReferenceOperations reference = new();
        float[][] actual = Run(operation, device), expected = Run(operation, reference);
        for (int r = 0; r < expected.Length; r++)
        {
            Assert.That(actual[r], Has.Length.EqualTo(expected[r].Length));
            double size = Math.Sqrt(expected[r].Average(x => (double)x * x)), allowed = operation.Tolerance * (1 + size);
            for (int i = 0; i < expected[r].Length; i++)
            {
                double limit = operation.Tolerance == 0 ? 0 : allowed + (operation.Tolerance * Math.Abs(expected[r][i]));
                if (!(Math.Abs(actual[r][i] - (double)expected[r][i]) <= limit))
                    Assert.Fail($"result {r}, element {i}: {actual[r][i]:r} where the reference has {expected[r][i]:r}, allowed {limit:g2}");
            }
        }
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

    internal static float[][] Run(OperationCase operation, IOperations device)
    {
        using DeviceBench bench = new(device);
        return operation.Run(bench);
    }
}
