using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Devices;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>The rows by which a person verifies a device, on OpenCL where it is installed, and a sample of them on the processor.</summary>
public sealed class RowCaseTests
{
    private ComputeDevice _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = TestDevices.OpenCompute(TestDevices.OpenCl);

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

[Category("instructions")]
public sealed class ProcessorRowCaseTests
{
    [Test]
    public void A_sample_of_the_cases_holds_on_the_processor()
    {
        using ComputeDevice processor = ComputeDevice.Open("cpu");
        foreach (VerificationCase one in RowCases.All.Where((_, i) => i % 23 == 0)) Assert.That(one.Check(processor), Is.Null, one.Name);
    }
}
