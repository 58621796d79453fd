using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Devices;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>The same rows on the simulated device, its lanes in both orders, and where OpenCL is.</summary>
[TestFixture(TestDevices.Simulated), TestFixture(TestDevices.Reversed), TestFixture(TestDevices.OpenCl)]
public sealed class DeviceRowTests(string deviceName) : DeviceRowFixture
{
    private protected override bool IsSimulated => deviceName is TestDevices.Simulated or TestDevices.Reversed;

    private protected override KernelDevice OpenDevice() => TestDevices.Open(deviceName);

    /// <summary>
    /// Each kernel once, at sizes that a checker of memory accesses can bear; run by name where one is loaded as the OpenCL driver.
    /// </summary>
    [Test, Category("oclgrind")]
    public void Smallest_rows_through_every_kernel([Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        if (deviceName != TestDevices.OpenCl || !CheckerLog.Watches)
            Assert.Ignore($"{CheckerLog.Variable} names no log, or the device is not watched");
        string[] regimes = ["unrelated", "noise-1e-3", "few-values", "signed-zeros"];
        foreach (string kernel in Kernels) AssertSame(kernel, 70, type, type, regimes);
        AssertSame(KsDeviceKernels.Count, 1030, type, type, ["unrelated"]);
        AssertSame(KsDeviceKernels.Sort, 1030, type, type, ["unrelated"]);
        AssertSame(null, 33, type, type == ElementType.F32 ? ElementType.F16 : ElementType.F32, regimes);
        Close();
        CheckerLog.AssertEmpty();
        Open();
    }
}
