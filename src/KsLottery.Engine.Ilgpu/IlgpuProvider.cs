using System.Globalization;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;
using KsLottery.Engine.Devices;
using CudaDevice = ILGPU.Runtime.Cuda.CudaDevice;

namespace KsLottery.Engine.Ilgpu;

/// <summary>ILGPU's accelerators: graphics processors, then its simulation on the processor, then what it refuses.</summary>
internal sealed class IlgpuProvider : IDeviceProvider
{
    public string Prefix => "ilgpu";

    public IReadOnlyList<DeviceInfo> Probe()
    {
        try
        {
            return [.. Devices().Select(Describe)];
        }
        catch (Exception exception)
        {
            return [new(Prefix, DeviceKind.Ilgpu, "ILGPU's accelerators")
            {
                Reason = $"ILGPU failed: {exception.Message.TrimEnd('.')}",
                NextStep = $"Use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}",
            }];
        }
    }

    public KernelDevice Open(DeviceInfo device)
    {
        int number = int.Parse(device.Name.AsSpan(Prefix.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return IlgpuCall.Run(device.Name, "CreateAccelerator",
            () => new IlgpuDevice(device.Name, Devices().ElementAt(number).CreateAccelerator(IlgpuContext.Current)));
    }

    /// <summary>Those that ILGPU can use before those that it refuses.</summary>
    private static IEnumerable<Device> Devices() => IlgpuContext.Current.Devices.OrderBy(d => WhyNot(d) is not null);

    private DeviceInfo Describe(Device device, int index)
    {
        string description = device switch
        {
            CPUDevice => $"the processor, as ILGPU {Context.Version} simulates a device on it; slow",
            CLDevice cl => $"{device.Name}, OpenCL {cl.DeviceVersion}, through ILGPU {Context.Version}",
            _ => $"{device.Name}, CUDA, through ILGPU {Context.Version}",
        };
        DeviceInfo info = new(string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{index}"), DeviceKind.Ilgpu, description);
        return WhyNot(device) is not { } reason ? info
            : info with { Reason = reason, NextStep = "Use its name without ILGPU, opencl:N or cuda:N, which needs less" };
    }

    private static string? WhyNot(Device device) => device switch
    {
        CLDevice { Capabilities.GenericAddressSpace: false } =>
            $"{device.Name} has no generic address space, which ILGPU needs: OpenCL 2 has one, OpenCL 3 may leave it out",
        CudaDevice { Architecture: null } or CudaDevice { InstructionSet: null } =>
            $"ILGPU knows no instruction set for {device.Name} and its driver",
        _ => null,
    };
}
