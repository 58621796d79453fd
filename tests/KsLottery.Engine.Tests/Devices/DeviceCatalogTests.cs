using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;

namespace KsLottery.Engine.Tests.Devices;

[NonParallelizable]
public sealed class DeviceCatalogTests
{
    private string? _forced;

    [SetUp]
    public void RememberTheVariable()
    {
        _forced = Environment.GetEnvironmentVariable(KsRowKernels.Variable);
        Environment.SetEnvironmentVariable(KsRowKernels.Variable, null);
    }

    [TearDown]
    public void RestoreTheVariable() => Environment.SetEnvironmentVariable(KsRowKernels.Variable, _forced);

    [Test]
    public void The_cpu_is_always_there_and_tells_what_it_is()
    {
        DeviceInfo cpu = DeviceCatalog.Probe()[0];
        Assert.That((cpu.Name, cpu.Kind, cpu.IsAvailable), Is.EqualTo(("cpu", DeviceKind.Cpu, true)));
        ProcessorInfo processor = cpu.Processor!;
        Assert.That(processor.Model, Is.Not.Empty.And.Not.Contains('\0').And.Not.StartsWith(" ").And.Not.EndsWith(" "));
        Assert.That(cpu.Description, Does.StartWith(processor.Model));
        Assert.That(processor.LogicalProcessors, Is.EqualTo(Environment.ProcessorCount));
        Assert.That(processor.MemoryBytes, Is.GreaterThan(1L << 26));
        Assert.That(processor.Kernels, Is.EqualTo(KsRowKernels.Known));
        Assert.That((processor.ForcedKernel, processor.Kernel), Is.EqualTo(((string?)null, KsRowKernels.Default)));
    }

    [Test]
    public void The_model_is_the_one_that_the_operating_system_names()
    {
        const string Facts = "/proc/cpuinfo";
        string? line = File.Exists(Facts) ? File.ReadLines(Facts).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        if (line is null) Assert.Ignore($"{Facts} names no model here");
        string expected = string.Join(' ', line[(line.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(DeviceCatalog.Probe()[0].Processor!.Model, Is.EqualTo(expected));
    }

    [Test]
    public void A_missing_device_says_why_and_what_to_do()
    {
        DeviceInfo[] others = [.. DeviceCatalog.Probe().Where(d => d.Kind is DeviceKind.OpenCl or DeviceKind.Cuda)];
        Assert.That(others.Select(d => d.Name.Split(':')[0]).Distinct(), Is.EqualTo(new[] { "opencl", "cuda" }));
        foreach (DeviceInfo device in others.Where(d => !d.IsAvailable))
        {
            Assert.That(device.Reason, Is.Not.Empty.And.Not.EndsWith("."));
            Assert.That(device.NextStep, Is.Not.Empty.And.Not.EndsWith("."));
        }
    }

    [TestCase("auto"), TestCase("cpu"), TestCase("CPU")]
    public void Auto_and_cpu_give_the_cpu(string name) => Assert.That(DeviceCatalog.Resolve(name).Kind, Is.EqualTo(DeviceKind.Cpu));

    [TestCase("tpu", "no device of this name"), TestCase("cuda:99", "no device of this name"),
        TestCase("opencl:99", "no device of this name")]
    public void Asking_for_a_device_that_is_not_there_fails_and_says_why(string name, string reason)
    {
        DeviceUnavailableException error = Assert.Throws<DeviceUnavailableException>(() => DeviceCatalog.Resolve(name))!;
        Assert.That(error.Device, Is.EqualTo(name));
        DeviceInfo? absent = DeviceCatalog.Probe().FirstOrDefault(d => d.Name == name.Split(':')[0] && !d.IsAvailable);
        Assert.That(error.Message, Does.Contain(name).And.Contain(absent?.Reason ?? reason).And.Contain("cpu"));
    }

    [Test]
    public void A_forced_kernel_is_the_one_that_is_chosen()
    {
        Environment.SetEnvironmentVariable(KsRowKernels.Variable, "scalar");
        ProcessorInfo processor = DeviceCatalog.Resolve("auto").Processor!;
        Assert.That((processor.ForcedKernel, processor.Kernel), Is.EqualTo(("scalar", "scalar")));
    }

    [Test]
    public void A_forced_kernel_that_cannot_run_makes_the_cpu_unavailable()
    {
        Environment.SetEnvironmentVariable(KsRowKernels.Variable, "vector\u001b1024");
        DeviceInfo cpu = DeviceCatalog.Probe()[0];
        Assert.That((cpu.IsAvailable, cpu.Processor!.Kernel), Is.EqualTo((false, (string?)null)));
        DeviceUnavailableException error = Assert.Throws<DeviceUnavailableException>(() => DeviceCatalog.Resolve("auto"))!;
        Assert.That(error.Message, Does.Contain(@"KSLOTTERY_KERNEL=vector\x1b1024").And.Contain("scalar"));
    }
}
