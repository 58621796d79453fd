using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Ilgpu.Tests;

/// <summary>The row suite and the suite of operations, unchanged, on an accelerator of ILGPU.</summary>
/// <remarks>The processor, which takes a thread a lane, gets every 6th case of what <c>verify</c> runs on it, in about ten seconds; a
/// device that is named gets all.</remarks>
internal sealed class IlgpuSuiteTests
{
    private ComputeDevice _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = IlgpuTestDevice.Open();

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    private static IEnumerable<VerificationCase> Rows => RowCases.All.Where((_, i) => IlgpuTestDevice.IsNamed || i % 192 == 2);

    private static IEnumerable<VerificationCase> Operations => IlgpuTestDevice.IsNamed ? OperationCases.All(isSimulation: false)
        : OperationCases.All(isSimulation: true).Where((_, i) => i % 6 == 2);

    [TestCaseSource(nameof(Rows))]
    public void Rows_are_tested_as_by_the_reference_bit_for_bit(VerificationCase rows) => Assert.That(rows.Check(_device), Is.Null);

    [TestCaseSource(nameof(Operations))]
    public void Operations_lie_as_near_the_reference_as_single_precision_allows(VerificationCase operation) =>
        Assert.That(operation.Check(_device), Is.Null);

    [Test]
    public void Gradients_of_a_model_agree_with_central_differences()
    {
        if (!IlgpuTestDevice.IsNamed)
            Assert.Ignore("thousands of launches take long on ILGPU's processor; name a device by KSLOTTERY_TEST_DEVICE");
        foreach ((string tensor, double difference) in GradientCases.Measure(_device.Operations, TrainingScope.Full, false, false))
            Assert.That(difference, Is.LessThan(GradientCases.Tolerance), tensor);
    }
}
