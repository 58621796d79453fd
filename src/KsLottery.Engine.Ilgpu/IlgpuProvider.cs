using System.Globalization;
using System.Runtime.CompilerServices;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;
using KsLottery.Engine.Devices;
using CudaDevice = ILGPU.Runtime.Cuda.CudaDevice;

namespace KsLottery.Engine.Ilgpu;

/// <summary>ILGPU's accelerators: CUDA devices, OpenCL devices, then its simulation on the processor.</summary>
internal sealed class IlgpuProvider : IDeviceProvider
{
    private const string Native = "Use its name without ILGPU, opencl:N or cuda:N, which needs less";

    private static readonly string Cpu = Remedy.UseDevice.For(DeviceCatalog.Cpu);

    public string Prefix => "ilgpu";

    public IReadOnlyList<DeviceInfo> Probe()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
            return [Missing(Prefix, "ILGPU's accelerators",
                "ILGPU makes code at run time, which a program that was compiled ahead of time cannot", Native)];
        try
        {
            DeviceInfo[] devices = [.. Devices().Select(d => Describe(d.Name, d.Device))];
            return [.. OfDriver(IlgpuDriver.Cuda), .. OfDriver(IlgpuDriver.OpenCl), .. devices.Where(d => d.IsSimulation)];

            IEnumerable<DeviceInfo> OfDriver(IlgpuDriver driver)
            {
                string name = $"{Prefix}:{driver.Word}";
                DeviceInfo[] found = [.. devices.Where(d => d.Name.StartsWith($"{name}:", StringComparison.Ordinal))];
                return found.Length > 0 ? found : [Missing(name, driver.What, driver.WhyNone(), driver.NextStep)];
            }
        }
        catch (Exception exception)
        {
            return [Missing(Prefix, "ILGPU's accelerators", $"ILGPU failed: {exception.Message.TrimEnd('.')}", $"Use {Cpu}")];
        }
    }

    public KernelDevice Open(DeviceInfo device) => IlgpuCall.Run(device.Name, "CreateAccelerator", () =>
    {
        Accelerator accelerator = Devices().First(d => d.Name == device.Name).Device.CreateAccelerator(IlgpuContext.Current);
        if (device.IsSimulation) ProcessorLanes.Start(accelerator);
        return new IlgpuDevice(device.Name, accelerator);
    });

    /// <summary>Each by what it is and its number among its own, whether ILGPU can use it or not.</summary>
    private IEnumerable<(string Name, Device Device)> Devices()
    {
        int cuda = 0, openCl = 0;
        foreach (Device device in IlgpuContext.Current.Devices)
            yield return (device switch
            {
                CudaDevice => string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{IlgpuDriver.Cuda.Word}:{cuda++}"),
                CLDevice => string.Create(CultureInfo.InvariantCulture, $"{Prefix}:{IlgpuDriver.OpenCl.Word}:{openCl++}"),
                _ => $"{Prefix}:{DeviceCatalog.Cpu}",
            }, device);
    }

    private static DeviceInfo Describe(string name, Device device)
    {
        string description = device switch
        {
            CPUDevice => $"the processor, as ILGPU {Context.Version} simulates a device on it, a thread for each lane; slow",
            CLDevice cl => $"{device.Name}, OpenCL {cl.DeviceVersion}, through ILGPU {Context.Version}",
            _ => $"{device.Name}, CUDA, through ILGPU {Context.Version}",
        };
        DeviceInfo info = new(name, DeviceKind.Ilgpu, description)
        {
            IsSimulation = device is CPUDevice,
            Facts = device is CudaDevice ? [("matrix products", IlgpuGemm.Describe())] : [],
        };
        return WhyNot(device) is { } reason ? info with { Reason = reason, NextStep = Native } : info;
    }

    private static string? WhyNot(Device device) => device switch
    {
        CLDevice { Capabilities.GenericAddressSpace: false } =>
            $"{device.Name} has no generic address space, which ILGPU needs: OpenCL 2 has one, OpenCL 3 may leave it out",
        CudaDevice { Architecture: null } or CudaDevice { InstructionSet: null } =>
            $"ILGPU {Context.Version} knows no instruction set for {device.Name} and its driver",
        _ => null,
    };

    private static DeviceInfo Missing(string name, string what, string reason, string nextStep) =>
        new(name, DeviceKind.Ilgpu, what) { Reason = reason, NextStep = nextStep };
}
