using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>ILGPU's PTX texts of the row test, over an interpreter: the same cases as our own translation.</summary>
public sealed class IlgpuRowTests : DeviceRowFixture
{
    private protected override KernelDevice OpenDevice() => new InterpretedDevice();
}

/// <summary>ILGPU's PTX texts of the other kernels, which</summary>
internal sealed class IlgpuTextTests
{
    private static IEnumerable<OperationCase> Products =>
        OperationCases.Small.Where(c => c.Name.StartsWith("matmul", StringComparison.Ordinal));

    [TestCaseSource(nameof(Products))]
    public void Products_lie_as_near_the_reference_as_single_precision_allows(OperationCase product)
    {
        using KernelOperations operations = new(new InterpretedDevice(), ownsDevice: true);
        Assert.That(product.Difference(operations), Is.Null);
    }
}
