using KsLottery.Engine.Devices;

namespace KsLottery.Extension.Tests;

/// <summary>Two devices <c>mine:0</c> and <c>mine:1</c>, of which the second is missing.</summary>
internal sealed class MyProvider : IDeviceProvider
{
    public string Prefix => "mine";

    public IReadOnlyList<DeviceInfo> Probe() =>
    [
        new("mine:0", DeviceKind.Other, "the host, lane by lane"),
        new("mine:1", DeviceKind.Other, "another host") { Reason = "it is not connected", NextStep = "Connect it" },
    ];

    public KernelDevice Open(DeviceInfo device) => new MyDevice(device.Name);
}
