using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>What <c>auto</c> takes, by measurements in a folder of the test's own.</summary>
[NonParallelizable]
public sealed class DeviceMeasurementsTests
{
    private string _folder = "";
    private string? _before;

    private static DeviceInfo Cpu => DeviceCatalog.Resolve("cpu");

    [SetUp]
    public void NameTheFolder()
    {
        _folder = Directory.CreateTempSubdirectory("kslottery-test-").FullName;
        _before = Environment.GetEnvironmentVariable(CacheFolder.Variable);
        Environment.SetEnvironmentVariable(CacheFolder.Variable, _folder);
    }

    [TearDown]
    public void Restore()
    {
        Environment.SetEnvironmentVariable(CacheFolder.Variable, _before);
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void What_is_kept_is_read_again_and_replaced_by_device_and_work()
    {
        DeviceMeasurement rows = new("cpu", "a \"processor\"", DeviceWork.Rows, 1234.5), model = new("cpu", "a", DeviceWork.Model, 7),
            other = new("fast:0", "b", DeviceWork.Rows, 99);
        Assert.That(DeviceMeasurements.Read(), Is.Empty);
        Assert.That(DeviceMeasurements.Keep([rows, model]), Is.Null);
        Assert.That(DeviceMeasurements.Keep([other, rows with { PerSecond = 2 }]), Is.Null);
        Assert.That(DeviceMeasurements.Read(), Is.EqualTo(new[] { model, other, rows with { PerSecond = 2 } }));
    }

    [TestCase("junk"), TestCase("{}"), TestCase("""{"format": 2, "measurements": []}"""),
        TestCase("""{"format": 1, "measurements": [{"device": "cpu"}]}"""),
     TestCase("""{"format": 1, "measurements": [{"device": "cpu", "description": "a", "work": "rows", "per_second": -1}]}"""),
     TestCase("""{"format": 1, "measurements": [{"device": "cpu", "description": "a", "work": "cooking", "per_second": 1}]}"""),
     TestCase("""{"format": 1, "measurements": 5}""")]
    public void A_damaged_file_holds_nothing(string text)
    {
        File.WriteAllText(DeviceMeasurements.FilePath!, text);
        Assert.That(DeviceMeasurements.Read(), Is.Empty);
        Assert.That(DeviceCatalog.Choose("auto", DeviceWork.Rows).Device.Name, Is.EqualTo("cpu"));
    }

    [Test]
    public void Without_a_folder_nothing_is_kept()
    {
        Environment.SetEnvironmentVariable(CacheFolder.Variable, "off");
        Assert.That(DeviceMeasurements.Keep([new("cpu", "a", DeviceWork.Rows, 1)]), Does.Contain("KSLOTTERY_CACHE"));
        Assert.That(DeviceMeasurements.Read(), Is.Empty);
    }

    [Test]
    public void Auto_takes_what_was_measured_fastest_at_the_work_and_says_so()
    {
        using Registered provider = new();
        DeviceMeasurements.Keep([Measured("cpu", DeviceWork.Rows, 100), Measured("fast:0", DeviceWork.Rows, 5000),
            Measured("fast:1", DeviceWork.Rows, 900),
            Measured("cpu", DeviceWork.Model, 100), Measured("fast:0", DeviceWork.Model, 50)]);
        DeviceChoice rows = DeviceCatalog.Choose("auto", DeviceWork.Rows), model = DeviceCatalog.Choose("AUTO", DeviceWork.Model);
        Assert.That(rows.Device.Name, Is.EqualTo("fast:0"));
        Assert.That(rows.Reason, Is.EqualTo("it was measured fastest at testing rows, 5,000 rows/s, the processor 100"));
        Assert.That(model.Device.Name, Is.EqualTo("cpu"));
        Assert.That(model.Reason, Is.EqualTo("it was measured fastest at running models, 100 tokens/s"));
    }

    [Test]
    public void Auto_passes_over_what_is_gone_or_another_by_now()
    {
        using Registered provider = new();
        DeviceMeasurements.Keep([Measured("cpu", DeviceWork.Rows, 100), Measured("fast:7", DeviceWork.Rows, 9000),
            Measured("fast:2", DeviceWork.Rows, 8000),
            Measured("fast:1", DeviceWork.Rows, 7000) with { Description = "what was there before" },
                Measured("gone:0", DeviceWork.Rows, 6000), Measured("fast:3", DeviceWork.Rows, 5000),
            Measured("fast:0", DeviceWork.Rows, 200)]);
        DeviceChoice choice = DeviceCatalog.Choose("auto", DeviceWork.Rows);
        Assert.That(choice.Device.Name, Is.EqualTo("fast:0"));
        Assert.That(choice.Reason, Does.Contain("fast:7 was measured faster and is not there").And
            .Contain("fast:2 was measured faster and cannot be used")
            .And.Contain("fast:1 was measured faster and is another device now").And
            .Contain("gone:0 was measured faster and is not there")
            .And.Contain("fast:3 was measured faster and only imitates a device"));
    }

    [Test]
    public void Auto_loads_no_driver_where_the_processor_is_fastest_or_was_not_measured()
    {
        using Registered provider = new();
        DeviceMeasurements.Keep([Measured("fast:0", DeviceWork.Rows, 5000)]);
        Assert.That(DeviceCatalog.Choose("auto", DeviceWork.Rows).Reason, Does.StartWith("no device was measured at testing rows"));
        DeviceMeasurements.Keep([Measured("cpu", DeviceWork.Rows, 6000)]);
        Assert.That(DeviceCatalog.Choose("auto", DeviceWork.Rows).Device.Name, Is.EqualTo("cpu"));
        Assert.That(DeviceCatalog.Choose("cpu", DeviceWork.Rows).Reason, Is.EqualTo("it was asked for"));
        Assert.That(provider.Probes, Is.Zero);
    }

    [Test]
    public void The_processor_can_be_measured([Values] DeviceWork work)
    {
        using ComputeDevice device = ComputeDevice.Open("cpu", work);
        DeviceMeasurement measured = DeviceSpeed.Measure(device, work);
        Assert.That((measured.Device, measured.Description, measured.Work), Is.EqualTo(("cpu", Cpu.Description, work)));
        Assert.That(measured.PerSecond, Is.Positive & Is.LessThan(1e12));
    }

    private static DeviceMeasurement Measured(string device, DeviceWork work, double perSecond) =>
        new(device, device == "cpu" ? Cpu.Description : $"device {device}", work, perSecond);

    /// <summary>Devices fast:0 and fast:1, fast:2, which cannot be used, and fast:3, a simulation, until it is disposed.</summary>
    private sealed class Registered : IDeviceProvider, IDisposable
    {
        private bool _isGone;

        public Registered() => DeviceCatalog.Register(this);

        public string Prefix => "fast";

        public int Probes { get; private set; }

        public IReadOnlyList<DeviceInfo> Probe()
        {
            Probes++;
            return _isGone ? [] :
            [
                new("fast:0", DeviceKind.Simulated, "device fast:0"), new("fast:1", DeviceKind.Simulated, "device fast:1"),
                new("fast:2", DeviceKind.Simulated, "device fast:2") { Reason = "it is broken", NextStep = "Mend it" },
                new("fast:3", DeviceKind.Other, "device fast:3") { IsSimulation = true },
            ];
        }

        public KernelDevice Open(DeviceInfo device) => throw new NotSupportedException();

        public void Dispose() => _isGone = true;
    }
}
