using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Makes ILGPU's accelerators known.</summary>
public static class IlgpuDevices
{
    /// <summary>
    /// Adds ILGPU's devices to <see cref="DeviceCatalog"/>: <c>ilgpu:cuda:N</c>, <c>ilgpu:opencl:N</c>, and its simulation on the
    /// processor, <c>ilgpu:cpu</c>; those that it cannot use are listed with the reason. Call it before a device is looked up. Loads
    /// neither ILGPU nor a driver: a look-up does.
    /// </summary>
    public static void Register() => DeviceCatalog.Register(new IlgpuProvider());

    /// <summary>Lets ILGPU find the libraries of OpenCL and CUDA on Linux by their versioned names, as <c>libOpenCL.so.1</c>: it asks for
    /// those without a version, which development packages alone bring. A program calls it before it makes its first context.</summary>
    /// <returns>Whether it is so; false on other systems, under WSL, and where the program has a resolver of its own for ILGPU.</returns>
    public static bool ResolveLibraries() => IlgpuContext.ResolveLibraries();
}
