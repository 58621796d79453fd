using System.Runtime.CompilerServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Tests.Support;

/// <summary>The processor with an operation that gets one element of a result wrong.</summary>
internal static class MutantDevice
{
    public static ComputeDevice Open(Mutant mutant)
    {
        ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
        Operations(device) = new MutantOperations(device.Operations, mutant);
        return device;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_operations")]
    private static extern ref IOperations? Operations(ComputeDevice device);
}
