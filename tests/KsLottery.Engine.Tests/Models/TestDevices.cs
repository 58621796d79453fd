using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Devices;

namespace KsLottery.Engine.Tests.Models;

/// <summary>The devices that every test of a model runs on.</summary>
internal static class TestDevices
{
    public const string OpenCl = "opencl:0";

    public static readonly string[] Names = ["reference", "cpu", OpenCl];

    public static IOperations Open(string name, int threads = 2) => name switch
    {
        "reference" => new ReferenceOperations(),
        "cpu" => new CpuOperations(threads),
        _ => OpenKernels(name),
    };

    /// <summary>The values of a span.</summary>
    public static float[] Download(IOperations operations, DeviceSpan span)
    {
        float[] values = new float[span.Length];
        operations.Download(values, span);
        return values;
    }

    /// <summary>The operations of a device that runs kernels; skips the test where it is missing.</summary>
    public static KernelOperations OpenKernels(string name)
    {
        try
        {
            KernelDevice device = ShadowedDevice.Of(DeviceCatalog.Open(name));
            if (KernelOperations.WhyNot(device) is not { } reason) return new(device, ownsDevice: true);
            device.Dispose();
            throw new IgnoreException($"{name}: {reason}");
        }
        catch (DeviceUnavailableException exception)
        {
            throw new IgnoreException(exception.Message);
        }
    }
}
