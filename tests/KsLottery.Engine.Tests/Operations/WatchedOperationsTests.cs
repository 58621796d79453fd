using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Devices;
using TestDevices = KsLottery.Engine.Tests.Models.TestDevices;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every kernel at small sizes on an OpenCL device that watches for races and accesses out of bounds; it writes what it finds to a
/// log.</summary>
/// <remarks>
/// Run by <c>--filter TestCategory=oclgrind</c> with <c>OCL_ICD_VENDORS</c> naming oclgrind's <c>liboclgrind-rt-icd.so</c>,
/// <c>OCLGRIND_DATA_RACES=1</c> and <c>OCLGRIND_LOG</c> a file, which must be empty after each test. On another device it is a short test
/// like others.
/// </remarks>
[Category("oclgrind")]
internal sealed class WatchedOperationsTests
{
    [TestCaseSource(typeof(OperationCases), nameof(OperationCases.Small))]
    public void Small_operations_are_right_where_accesses_are_watched(OperationCase operation)
    {
        using (KernelOperations device = TestDevices.OpenKernels(TestDevices.OpenCl)) Assert.That(operation.Difference(device), Is.Null);
        CheckerLog.AssertEmpty();
    }
}
