using System.Diagnostics;
using System.Numerics;
using System.Reflection;
using ILGPU.Runtime;

namespace KsLottery.Engine.Ilgpu;

/// <summary>The threads of ILGPU's processor accelerator: one for each lane of a group, started by the first kernel with so many.</summary>
internal static class ProcessorLanes
{
    /// <summary>A mask of processors has as many bits; there may be more where all are set.</summary>
    private const int MaskBits = 64;

    /// <summary>Starts them all, on Linux on one processor together.</summary>
    /// <remarks>They meet at barriers, where they spin: on two processors a case of the row test took four times as long as on one, and
    /// the machine was busy all that time. On Linux a thread takes over the main thread's processors as it starts.</remarks>
    public static void Start(Accelerator accelerator)
    {
        if (!OperatingSystem.IsLinux())
        {
            Launch(accelerator);
            return;
        }
        using Process process = Process.GetCurrentProcess();
        nint all = process.ProcessorAffinity;
        bool isShared = BitOperations.PopCount((nuint)all) is > 1 and < MaskBits;
        if (isShared) process.ProcessorAffinity = all & -all;
        try
        {
            Launch(accelerator);
        }
        finally
        {
            if (isShared) process.ProcessorAffinity = all;
        }
    }

    private static void Launch(Accelerator accelerator)
    {
        int lanes = accelerator.MaxNumThreadsPerGroup;
        MethodInfo nothing = ((Action<int>)Nothing).Method;
        using Kernel kernel = accelerator.LoadKernel(nothing, new KernelSpecialization(lanes, null));
        kernel.Launch(accelerator.DefaultStream, new KernelConfig(1, lanes), 0);
        accelerator.Synchronize();
    }

    private static void Nothing(int unused)
    {
    }
}
