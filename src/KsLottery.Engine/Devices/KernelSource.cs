using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>The languages that the kernels' one C source is valid in behind a prelude.</summary>
public enum KernelDialect
{
    /// <summary>OpenCL C 1.2, built by the device's driver.</summary>
    OpenCl,

    /// <summary>CUDA C++ as clang reads it without a toolkit, built into PTX by <c>kernels/make-ptx.sh</c>.</summary>
    Cuda,
}

/// <summary>The whole source of a kernel: prelude, helper functions, kernel.</summary>
public static class KernelSource
{
    /// <summary>The environment variable that names a folder whose files stand in for the built-in sources: <c>NAME.cl</c> on OpenCL,
    /// <c>NAME.ptx</c> on CUDA.</summary>
    internal const string Variable = "KSLOTTERY_KERNELS";

    private static readonly string OpenClPrelude = Embedded("prelude.cl"), CudaPrelude = Embedded("prelude.cu");

    /// <summary>What a device builds: the file <c>NAME.cl</c> of the folder that <see cref="Variable"/> names, otherwise
    /// <see cref="Of"/>.</summary>
    internal static string For(KernelDefinition kernel, KernelDialect dialect) =>
        dialect == KernelDialect.OpenCl && Override($"{kernel.Name}.cl") is { } text ? text : Of(kernel, dialect);

    /// <summary>The source that this build made of a kernel; the function's name is the kernel's.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="dialect">The language.</param>
    public static string Of(KernelDefinition kernel, KernelDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return dialect == KernelDialect.Cuda ? $"{CudaPrelude}\n{kernel.Source}"
            : $"{(kernel.UsesDouble ? "#define USES_DOUBLE\n" : "")}{OpenClPrelude}\n{kernel.Source}";
    }

    /// <summary>The content of a file in the folder that the reader named; null where there is none.</summary>
    internal static string? Override(string file) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder && Path.Combine(folder, file) is var path
        && File.Exists(path)
            ? File.ReadAllText(path) : null;

    /// <summary>What was embedded when the kernels were built; null where there is nothing of that name.</summary>
    internal static Stream? Open(string resource) => typeof(KernelCatalog).Assembly.GetManifestResourceStream(resource);

    private static string Embedded(string resource)
    {
        using StreamReader reader = new(Open(resource)!);
        return reader.ReadToEnd();
    }
}
