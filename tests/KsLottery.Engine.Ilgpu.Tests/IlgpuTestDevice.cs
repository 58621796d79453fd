using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Ilgpu.Tests;

/// <summary>What the suites run on: the processor's, or the one that <c>KSLOTTERY_TEST_DEVICE</c> names, such as
/// <c>ilgpu:cuda:0</c>.</summary>
internal static class IlgpuTestDevice
{
    /// <summary>ILGPU's simulation on the processor.</summary>
    public const string Processor = "ilgpu:cpu";

    private static readonly string? Named = Environment.GetEnvironmentVariable("KSLOTTERY_TEST_DEVICE");

    /// <summary>Whether all cases are run: not on the processor, where ILGPU takes a thread a lane.</summary>
    public static bool IsNamed => Named is not (null or "");

    public static string Name => IsNamed ? Named! : Processor;

    /// <summary>All of ILGPU's.</summary>
    public static IReadOnlyList<DeviceInfo> All
    {
        get
        {
            IlgpuDevices.Register();
            return [.. DeviceCatalog.Probe().Where(d => d.Kind == DeviceKind.Ilgpu)];
        }
    }

    public static ComputeDevice Open()
    {
        IlgpuDevices.Register();
        return ComputeDevice.Open(Name);
    }
}
