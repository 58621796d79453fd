extern alias catalog;

using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KernelCatalog = catalog::KsLottery.Kernels.KernelCatalog;
using KernelDefinition = catalog::KsLottery.Kernels.KernelDefinition;

namespace KsLottery.Engine.Ilgpu.Tests;

public sealed class IlgpuDeviceTests
{
    private ComputeDevice _device = null!;

    private KernelDevice Kernels => _device.Kernels!;

    [OneTimeSetUp]
    public void Open() => _device = IlgpuTestDevice.Open();

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void The_devices_are_listed_and_those_that_ILGPU_refuses_say_why()
    {
        IReadOnlyList<DeviceInfo> devices = IlgpuTestDevice.All;
        Assert.That(devices.Select(d => d.Name), Is.Unique);
        Assert.That(devices.Where(d => d.IsSimulation).Select(d => (d.Name, d.IsAvailable)), Is.EqualTo([("ilgpu:cpu", true)]));
        foreach (string driver in (string[])["cuda", "opencl"])
            Assert.That(devices.Where(d => d.Name.StartsWith($"ilgpu:{driver}", StringComparison.Ordinal)), Is.Not.Empty, driver);
        foreach (DeviceInfo device in devices)
        {
            TestContext.Out.WriteLine($"{device.Name}: {device.Description}; {device.Reason ?? "available"}");
            if (device.IsAvailable) Assert.That(device.Description, Does.Contain($"ILGPU {ILGPU.Context.Version}"));
            Assert.That(device.Reason is null, Is.EqualTo(device.NextStep is null));
        }
    }

    [Test]
    public void A_device_of_a_higher_number_is_not_there_and_a_number_alone_names_none(
        [Values("ilgpu:opencl:99", "ilgpu:0")] string name) =>
        Assert.That(() => ComputeDevice.Open(name), Throws.TypeOf<DeviceUnavailableException>().With.Message
            .Contains("no device of this name").And.Message.Contains(IlgpuTestDevice.Processor));

    [TestCase("OpenCL", true, "OpenCL is there, and ILGPU finds no device through it")]
    [TestCase("libOpenCL.so.1", true, "libOpenCL.so.1 is there, and ILGPU finds no device through it")]
    [TestCase("libOpenCL.so.1", false, "ILGPU asks for libOpenCL.so, and libOpenCL.so.1 alone is there")]
    [TestCase("none", true, "no OpenCL library: ILGPU finds neither libOpenCL.so nor libOpenCL.so.1")]
    public void Where_a_driver_has_no_device_it_is_said_which_library_is_missing(string library, bool findsVersioned, string reason) =>
        Assert.That(IlgpuDriver.OpenCl.WhyNone(name => name == library, findsVersioned), Is.EqualTo(reason));

    [Test]
    public void Lanes_on_the_processor_share_one_and_leave_the_programs_threads_theirs()
    {
        if (!OperatingSystem.IsLinux() || Environment.ProcessorCount < 2 || IlgpuTestDevice.IsNamed)
            Assert.Ignore("needs Linux, two processors, and ILGPU's simulation");
        // ILGPU has a few idle threads beside the lanes.
        ILookup<string, string> lanes = Directory.GetDirectories("/proc/self/task")
            .Where(t => NameOf(t).StartsWith("ILGPU_", StringComparison.Ordinal)).ToLookup(Processors);
        Assert.That(lanes.Single(l => int.TryParse(l.Key, out _)).Count(), Is.InRange(256, 512), "one processor, the same for all");
        Assert.That(int.TryParse(Processors("/proc/self"), out _), Is.False);

        static string NameOf(string task) => File.ReadAllText(Path.Combine(task, "comm"));

        static string Processors(string task) => File.ReadLines(Path.Combine(task, "status"))
            .First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim();
    }

    [Test]
    public void Bytes_go_to_the_device_within_it_and_back()
    {
        using DeviceQueue queue = Kernels.CreateQueue();
        using DeviceBuffer first = Kernels.Allocate(1000), second = Kernels.Allocate(5000);
        using StagingBuffer staging = Kernels.AllocateStaging(2000);
        for (int i = 0; i < 2000; i++) staging.Bytes[i] = (byte)(i * 7);
        queue.Write(first, 100, staging, 30, 900);
        queue.Clear(second, 0, 5000);
        queue.Copy(second, 3003, first, 100, 900);
        queue.Clear(second, 3100, 16);
        queue.Finish();
        staging.Bytes.Clear();
        queue.Read(staging, 11, second, 3000, 1000);
        queue.Finish();
        byte[] expected = new byte[2000];
        for (int i = 0; i < 900; i++) expected[11 + 3 + i] = i is >= 97 and < 113 ? (byte)0 : (byte)((30 + i) * 7);
        Assert.That(staging.Bytes.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void A_kernel_gets_views_that_start_anywhere_and_views_of_nothing()
    {
        KernelDefinition widen = KernelCatalog.Get("Widen_BF16");
        using DeviceQueue queue = Kernels.CreateQueue();
        using DeviceBuffer source = Kernels.Allocate(2000), destination = Kernels.Allocate(4000);
        using StagingBuffer staging = Kernels.AllocateStaging(4000);
        for (int i = 0; i < 1000; i++) BitConverter.TryWriteBytes(staging.Bytes[(2 * i)..], (ushort)i);
        queue.Write(source, 0, staging, 0, 2000);
        queue.Clear(destination, 0, 4000);
        queue.Launch(widen, 2, KernelArgument.View(destination, 5, 300), KernelArgument.View(source, 600, 300));
        queue.Launch(widen, 1, KernelArgument.View(destination, 5, 300), KernelArgument.View(null, 0, 0));
        queue.Launch(widen, 0, KernelArgument.View(destination, 0, 300), KernelArgument.View(source, 0, 300));
        queue.Read(staging, 0, destination, 0, 4000);
        queue.Finish();
        uint[] expected = new uint[1000];
        for (int i = 0; i < 300; i++) expected[5 + i] = (uint)(600 + i) << 16;
        Assert.That(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(staging.Bytes).ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Every_kernel_loads() =>
        Assert.Multiple(() =>
        {
            using DeviceQueue queue = Kernels.CreateQueue();
            foreach (KernelDefinition kernel in KernelCatalog.All) Assert.That(() => queue.Build(kernel), Throws.Nothing, kernel.Name);
        });

    [Test]
    public void A_kernel_that_is_not_there_and_memory_that_is_not_left_end_with_the_cause()
    {
        using DeviceQueue queue = Kernels.CreateQueue();
        KernelDefinition known = KernelCatalog.Get("Widen_BF16");
        KernelDefinition absent = known with { Name = "Absent", Method = known.Method.Replace("Widen", "Absent") };
        Assert.That(() => queue.Build(absent), Throws.TypeOf<MissingMethodException>().With.Message.Contains("MemoryKernels.Absent"));
        Assert.That(() => Kernels.Allocate(1L << 60),
            Throws.TypeOf<DeviceFailureException>().With.Message.Contains(IlgpuTestDevice.Name)
                .And.Message.Contains("1152921504606846976 bytes"));
    }
}
