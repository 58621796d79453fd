using System.Diagnostics;

namespace KsLottery.Tests.Support;

/// <summary>The script that makes the embedded PTX texts, on one text.</summary>
internal static class PtxScript
{
    /// <summary>What clang makes of a C text; ignores the running test where clang or bash is absent.</summary>
    public static string Translate(string text)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("kernels/make-ptx.sh needs bash");
        using TemporaryFolder folder = new();
        string source = folder.File("text.cu"), target = folder.File("text.ptx");
        File.WriteAllText(source, text);
        string script = Path.Combine(SharedData.Root, "kernels", "make-ptx.sh");
        using Process make = Process.Start(new ProcessStartInfo("bash", [script, source, target]) { RedirectStandardError = true })!;
        string said = make.StandardError.ReadToEnd();
        make.WaitForExit();
        if (said.StartsWith("no clang", StringComparison.Ordinal)) Assert.Ignore(said.Trim());
        return make.ExitCode == 0 ? File.ReadAllText(target) : throw new InvalidOperationException(said);
    }
}
