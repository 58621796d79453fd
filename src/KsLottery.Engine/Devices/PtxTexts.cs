using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>The kernels' PTX texts: embedded when the kernels were built, or a file of the same name in the folder that the reader names.</summary>
internal static class PtxTexts
{
    /// <summary>The environment variable that names a folder whose files <c>NAME.ptx</c> stand in for the embedded texts.</summary>
    public const string Variable = KernelText.Variable;

    /// <summary>A kernel's text.</summary>
    /// <exception cref="DeviceUnavailableException">There is none.</exception>
    public static string Find(KernelDefinition kernel) => KernelText.Override($"{kernel.Name}.ptx") ?? FindEmbedded(kernel.Name)
        ?? throw new DeviceUnavailableException("cuda", $"the kernel {kernel.Name} has no PTX text in this build",
            "Make it with kernels/make-ptx.sh and build again, or use --device opencl:0 or cpu");

    /// <summary>The text that was embedded; null where there is none.</summary>
    public static string? FindEmbedded(string name) => KernelText.Embedded($"ptx/{name}.ptx");

    /// <summary>The C text that a kernel's PTX is made from: CUDA's prelude and the kernel.</summary>
    public static string SourceOf(KernelDefinition kernel) => KernelText.For(kernel, KernelDialect.Cuda);
}
