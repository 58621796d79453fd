using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Devices;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Rows on devices with less shared memory, and with compilers that leave kernels too large for their groups: other kernels, the
/// same results.</summary>
public sealed class DeviceRowLimitTests
{
    [Test]
    public void Counting_fits_into_32_KiB(
        [Values(ElementType.F32, ElementType.F16)] ElementType type, [Values(1025, 5000)] int width)
    {
        using LimitedDevice device = new(TestDevices.Open(TestDevices.OpenCl), sharedBytes: 32 << 10);
        Assert.That(KsDeviceKernels.Names(device, type, width), Does.Contain(KsDeviceKernels.Count));
        Assert.That(RowCases.FirstDifference(device, KsDeviceKernels.Count, width, type, type, RowRegimes.Names, 1), Is.Null);
    }

    [TestCase("KsCount", KsDeviceKernels.Sort), TestCase("_Buckets8192", KsDeviceKernels.Count), TestCase("KsSort_", KsDeviceKernels.Count)]
    public void A_kernel_too_large_for_its_groups_has_a_stand_in(string tooLarge, string expected)
    {
        using LimitedDevice device = new(TestDevices.Open(TestDevices.OpenCl),
            isTooLarge: k => k.Name.Contains(tooLarge, StringComparison.Ordinal));
        Assert.That(new KsDeviceKernels(device, ElementType.F32, 2048).Name, Is.EqualTo(expected));
        Assert.That(RowCases.FirstDifference(device, null, 2048, ElementType.F32, ElementType.F32, RowRegimes.Names, 1), Is.Null);
    }

    [Test]
    public void Without_kernels_in_shared_memory_rows_are_sorted_in_the_device_s()
    {
        using LimitedDevice device = new(TestDevices.Open(TestDevices.OpenCl), isTooLarge: k => k.SharedBytes > 2048);
        Assert.That(KsDeviceKernels.Names(device, ElementType.F32, 600), Is.EqualTo(new[] { KsDeviceKernels.SortWide }));
        Assert.That(RowCases.FirstDifference(device, null, 600, ElementType.F32, ElementType.F32, RowRegimes.Names, 1), Is.Null);
        Assert.That(() => new KsDeviceKernels(device, ElementType.F32, 600, KsDeviceKernels.Count),
            Throws.ArgumentException.With.Message.Contains("'count'").And.Message.Contains("it can run sort-wide"));
    }
}
