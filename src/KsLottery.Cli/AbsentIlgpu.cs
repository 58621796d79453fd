using KsLottery.Engine.Devices;

namespace KsLottery.Cli;

/// <summary>Stands for ILGPU's devices in a tool that is compiled ahead of time.</summary>
internal sealed class AbsentIlgpu : IDeviceProvider
{
    public string Prefix => "ilgpu";

    public IReadOnlyList<DeviceInfo> Probe() =>
    [
        new(Prefix, DeviceKind.Ilgpu, "ILGPU's accelerators")
        {
            Reason = "left out: this kslottery was compiled ahead of time, and ILGPU makes code at run time",
            NextStep = "Use opencl:N or cuda:N, or the tool that dotnet tool install installs",
        },
    ];

    public KernelDevice Open(DeviceInfo device) => throw new DeviceUnavailableException(device.Name, device.Reason!, device.NextStep!);
}
