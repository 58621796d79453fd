using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace KsLottery.Engine.Ilgpu;

/// <summary>ILGPU's view of the machine. There is one for the process: under WSL a second one would fail.</summary>
internal static class IlgpuContext
{
    /// <summary>Lanes of a warp on the processor; those of the kernel language.</summary>
    private const int WarpSize = 32;

    /// <summary>Lanes of the largest group that a kernel asks for.</summary>
    private const int MaximumGroupSize = 256;

    /// <summary>Under WSL ILGPU looks for libraries here, and lets nobody else look for them.</summary>
    private const string WslLibraries = "/usr/lib/wsl/lib";

    private static readonly Lazy<Context> Shared = new(Create);

    private static readonly Lazy<bool> Libraries = new(Resolve);

    /// <summary>The context.</summary>
    public static Context Current => Shared.Value;

    /// <summary>Lets ILGPU find libraries by their versioned names; false where somebody else looks for them.</summary>
    public static bool ResolveLibraries() => Libraries.Value;

    /// <summary>Takes every device that ILGPU finds, so that those that it refuses can be told with the reason.</summary>
    private static Context Create()
    {
        ResolveLibraries();
        return Context.Create(builder =>
        {
            IlgpuFused.Register(builder);
            builder.Cuda(_ => true).OpenCL(_ => true).CPU(new CPUDevice(WarpSize, MaximumGroupSize / WarpSize, numMultiprocessors: 1))
                .EnableAlgorithms();
        });
    }

    private static bool Resolve()
    {
        if (!OperatingSystem.IsLinux() || Directory.Exists(WslLibraries)) return false;
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            // The program has a resolver of its own for ILGPU.
            return false;
        }
    }

    /// <summary>ILGPU asks for libraries without a version, which only development packages have.</summary>
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name is "OpenCL" or "cuda" && NativeLibrary.TryLoad($"lib{name}.so.1", assembly, path, out nint library) ? library : 0;
}
