namespace KsLottery.Engine.Devices;

/// <summary>The one simulated device.</summary>
internal sealed class SimulatedProvider : IDeviceProvider
{
    public string Prefix => SimulatedDevice.DeviceName;

    public IReadOnlyList<DeviceInfo> Probe() =>
        [new(SimulatedDevice.DeviceName, DeviceKind.Simulated, "kernels as plain C#, lane by lane, for debugging; slow")];

    public KernelDevice Open(DeviceInfo device) => new SimulatedDevice();
}
