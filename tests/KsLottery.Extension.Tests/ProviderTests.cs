using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Rows;

namespace KsLottery.Extension.Tests;

public sealed class ProviderTests
{
    [OneTimeSetUp]
    public void Register() => DeviceCatalog.Register(new MyProvider());

    [Test]
    public void Its_devices_are_listed_and_a_missing_one_says_why()
    {
        Assert.That(DeviceCatalog.Probe().Where(d => d.Kind == DeviceKind.Other).Select(d => (d.Name, d.IsAvailable)),
            Is.EqualTo(new[] { ("mine:0", true), ("mine:1", false) }));
        Assert.That(DeviceCatalog.Resolve("Mine:0").Name, Is.EqualTo("mine:0"));
        Assert.That(() => ComputeDevice.Open("mine:1"),
            Throws.TypeOf<DeviceUnavailableException>().With.Message.EqualTo("device 'mine:1': it is not connected. Connect it."));
    }

    [Test]
    public void Rows_have_the_same_results_as_on_the_CPU_bit_for_bit()
    {
        const int Rows = 2, Width = 20;
        (RowMatrix before, RowMatrix after) = (Matrix(Rows, Width, seed: 1), Matrix(Rows, Width, seed: 2));
        using ComputeDevice device = ComputeDevice.Open("mine:0");
        RowScanResult expected = RowScan.Run(before, after), actual = RowScan.Run(before, after, new RowScanOptions { Device = device });
        Assert.That(actual.Kernel, Does.StartWith("mine:0 "));
        Assert.That(expected.Rows.Count(r => r.Count > 0), Is.Positive);
        Assert.That(actual.Rows, Is.EqualTo(expected.Rows));
    }

    [Test]
    public void Models_run_on_it_with_its_own_GEMM()
    {
        const int Rows = 20, Outputs = 3, Inputs = 5;
        using KernelDevice opened = DeviceCatalog.Open("mine:0");
        Assert.That(opened.Gemm?.Name, Is.EqualTo("my-gemm"));
        using ComputeDevice device = ComputeDevice.Open("mine:0", DeviceWork.Model), cpu = ComputeDevice.Open("cpu");
        Assert.That(Product(device.Operations), Is.EqualTo(Product(cpu.Operations)));

        // Small whole numbers: exact in any order.
        static float[] Product(IOperations operations)
        {
            using DeviceMemory output = operations.Allocate(Rows * Outputs), input = operations.Allocate(Rows * Inputs),
                weight = operations.Allocate(Outputs * Inputs);
            operations.Upload(input, [.. Enumerable.Range(0, Rows * Inputs).Select(i => (float)(i % 7))]);
            operations.Upload(weight, [.. Enumerable.Range(0, Outputs * Inputs).Select(i => (float)(i % 4))]);
            operations.MatMulForward(output, input, weight, Outputs, Inputs);
            float[] values = new float[Rows * Outputs];
            operations.Download(values, output);
            return values;
        }
    }

    [TestCase(""), TestCase("my:device"), TestCase("auto"), TestCase("CPU")]
    public void A_prefix_that_could_name_something_else_is_refused(string prefix) =>
        Assert.That(() => DeviceCatalog.Register(new NamedProvider(prefix)), Throws.ArgumentException.With.Message.Contains($"'{prefix}'"));

    private static RowMatrix Matrix(int rows, int width, int seed)
    {
        Random random = new(seed);
        float[] values = [.. Enumerable.Range(0, rows * width).Select(_ => (float)random.NextDouble())];
        return RowMatrix.FromMemory(MemoryMarshal.AsBytes<float>(values).ToArray(), ElementType.F32, rows, width);
    }

    private sealed class NamedProvider(string prefix) : IDeviceProvider
    {
        public string Prefix => prefix;

        public IReadOnlyList<DeviceInfo> Probe() => [];

        public KernelDevice Open(DeviceInfo device) => throw new NotSupportedException();
    }
}
