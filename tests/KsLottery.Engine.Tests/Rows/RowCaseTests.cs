using KsLottery.Engine.Devices;
using KsLottery.Engine.Tests.Devices;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>The rows by which a person verifies a device, on what the suite has: the processor, and OpenCL where it is installed.</summary>
[TestFixture("cpu"), TestFixture(TestDevices.OpenCl)]
public sealed class RowCaseTests(string deviceName)
{
    private ComputeDevice _device = null!;

    [OneTimeSetUp]
    public void Open()
    {
        TestDevices.Kernel("KsSortWide_F32");
        _device = TestDevices.OpenCompute(deviceName);
    }

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [TestCaseSource(typeof(RowCases), nameof(RowCases.All))]
    public void Holds(object verification)
    {
        VerificationCase one = (VerificationCase)verification;
        if (one.Lacks(_device) is { } lack) Assert.Ignore(lack);
        Assert.That(one.Check(_device), Is.Null);
    }
}
