using System.Reflection;
using ILGPU.Runtime;
using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Calls of ILGPU, whose failures end as those of every other device.</summary>
internal static class IlgpuCall
{
    private static readonly string Cpu = Remedy.UseDevice.For(DeviceCatalog.Cpu);

    /// <summary>Does something with ILGPU.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="call">What is called, with what.</param>
    /// <param name="work">The call.</param>
    /// <exception cref="DeviceFailureException">It failed.</exception>
    public static T Run<T>(string device, string call, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (Cause(exception) is { } cause)
        {
            throw new DeviceFailureException(device, call, cause.GetType().Name, cause.Message.Trim().TrimEnd('.'), NextStep(cause));
        }
    }

    /// <summary>Does something with ILGPU.</summary>
    /// <exception cref="DeviceFailureException">It failed.</exception>
    public static void Run(string device, string call, Action work) => Run(device, call, () =>
    {
        work();
        return true;
    });

    /// <summary>What ILGPU's own wrapping exceptions hide; null for a fault of the caller's code.</summary>
    private static Exception? Cause(Exception exception) => exception switch
    {
        TargetInvocationException or InternalCompilerException when exception.InnerException is { } inner =>
            Cause(inner) ?? exception,
        AcceleratorException or InternalCompilerException or InvalidKernelOperationException or CapabilityNotSupportedException
            or NotSupportedException or InvalidOperationException or OutOfMemoryException or DllNotFoundException => exception,
        _ => null,
    };

    private static string NextStep(Exception cause) => cause switch
    {
        OutOfMemoryException => $"Use a device with more memory, or {Cpu}",
        AcceleratorException => $"{Remedy.ShowDevice}, or use {Cpu}",
        _ => $"Use {Cpu}, opencl or cuda; they do not need ILGPU",
    };
}
