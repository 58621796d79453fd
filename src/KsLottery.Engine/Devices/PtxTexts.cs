using System.Reflection;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>The kernels' PTX texts: embedded when the kernels were built, or a file of the same name in the folder that the reader names.</summary>
internal static class PtxTexts
{
    /// <summary>The environment variable that names a folder whose files <c>NAME.ptx</c> stand in for the embedded texts.</summary>
    public const string Variable = "KSLOTTERY_KERNELS";

    private static readonly Assembly Kernels = typeof(KernelCatalog).Assembly;

    /// <summary>A kernel's text.</summary>
    /// <exception cref="DeviceUnavailableException">There is none.</exception>
    public static string Find(KernelDefinition kernel)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder && Path.Combine(folder, $"{kernel.Name}.ptx") is var path && File.Exists(path))
            return File.ReadAllText(path);
        return FindEmbedded(kernel.Name) ?? throw new DeviceUnavailableException("cuda", $"the kernel {kernel.Name} has no PTX text in this build",
            "Make it with kernels/make-ptx.sh and build again, or use --device opencl:0 or cpu");
    }

    /// <summary>The text that was embedded; null where there is none.</summary>
    public static string? FindEmbedded(string name) => Read($"ptx/{name}.ptx");

    /// <summary>The C text that a kernel's PTX is made from: CUDA's prelude and the kernel.</summary>
    public static string SourceOf(KernelDefinition kernel) => Read("prelude.cu") + "\n" + kernel.Source;

    private static string? Read(string resource)
    {
        using Stream? stream = Kernels.GetManifestResourceStream(resource);
        if (stream is null) return null;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
