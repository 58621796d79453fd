using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Makes ILGPU's accelerators known.</summary>
public static class IlgpuDevices
{
    /// <summary>
    /// Adds devices <c>ilgpu:N</c> to <see cref="DeviceCatalog"/>: CUDA and OpenCL devices that ILGPU can use, its
    /// simulation on the processor, then those that it refuses, with the reason. Call it before a device is looked up.
    /// </summary>
    public static void Register() => DeviceCatalog.Register(new IlgpuProvider());
}
