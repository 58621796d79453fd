using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>The devices that kernels are tested on; a test of one that is not here is skipped and says so.</summary>
internal static class TestDevices
{
    public const string Simulated = "simulated", Reversed = "simulated-reversed", OpenCl = "opencl:0";

    /// <summary>Opens a device by its name; <see cref="Reversed"/> is the simulated one with its lanes in the other order.</summary>
    public static KernelDevice Open(string name) =>
        name is Simulated or Reversed ? new SimulatedDevice(name == Reversed) : OrSkip(() => ShadowedDevice.Of(DeviceCatalog.Open(name)));

    /// <summary>Opens a device as a person would.</summary>
    public static ComputeDevice OpenCompute(string name) => OrSkip(() => ComputeDevice.Open(name));

    private static T OrSkip<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (DeviceUnavailableException absent)
        {
            Assert.Ignore(absent.Message);
            throw;
        }
    }
}
