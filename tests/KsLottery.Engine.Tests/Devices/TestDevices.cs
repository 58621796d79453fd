using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>The devices that kernels are tested on; a test of one that is not here is skipped and says so.</summary>
internal static class TestDevices
{
    public const string Simulated = "simulated", Reversed = "simulated-reversed", OpenCl = "opencl:0", CudaOnHost = "cuda-on-host";

    /// <summary>Opens a device by its name; <see cref="Reversed"/> is the simulated one with its lanes in the other order,
    /// <see cref="CudaOnHost"/> the CUDA device over a driver that runs PTX on the host.</summary>
    public static KernelDevice Open(string name) => name == CudaOnHost ? OpenCudaOnHost()
        : name is Simulated or Reversed ? new SimulatedDevice(name == Reversed) : OrSkip(() => DeviceCatalog.Open(name));

    /// <summary>Opens a device as a person would.</summary>
    public static ComputeDevice OpenCompute(string name) => OrSkip(() => ComputeDevice.Open(name));

    private static CudaDevice OpenCudaOnHost()
    {
        CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0);
        FakeCuda.RunPtx();
        return device;
    }

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

    /// <summary>Skips a test whose kernel was not translated yet.</summary>
    public static KernelDefinition Kernel(string name)
    {
        if (KernelCatalog.All.All(k => k.Name != name)) Assert.Ignore($"kernel {name} was not translated");
        return KernelCatalog.Get(name);
    }
}
