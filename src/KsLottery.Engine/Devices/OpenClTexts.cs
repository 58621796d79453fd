using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>The kernels as OpenCL C.</summary>
internal static class OpenClTexts
{
    /// <summary>The environment variable that names a folder whose files <c>NAME.cl</c> stand in for the built-in texts.</summary>
    public const string Variable = PtxTexts.Variable;

    private static readonly Lazy<string> Prelude = new(ReadPrelude);

    /// <summary>A kernel's whole text: what makes the C dialect OpenCL C 1.2, and the kernel.</summary>
    public static string Find(KernelDefinition kernel)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder && Path.Combine(folder, $"{kernel.Name}.cl") is var path && File.Exists(path))
            return File.ReadAllText(path);
        return $"{(kernel.UsesDouble ? "#define USES_DOUBLE 1\n" : "")}{Prelude.Value}{kernel.Source}";
    }

    private static string ReadPrelude()
    {
        using Stream? stream = typeof(KernelCatalog).Assembly.GetManifestResourceStream("prelude.cl");
        if (stream is null) return "";
        using StreamReader reader = new(stream);
        return reader.ReadToEnd() + "\n";
    }
}
