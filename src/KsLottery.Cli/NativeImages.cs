using System.Runtime.CompilerServices;
using KsLottery.Engine.Interop;

namespace KsLottery.Cli;

/// <summary>The tool compiled ahead of time once for each instruction set: files beside each other, of which the one that no set is named
/// in runs on every processor and hands over to the best.</summary>
/// <remarks>The compiler has no instruction set beyond those that it is told of, and what it is told of is demanded when the program
/// starts: a choice takes programs to choose from.</remarks>
internal static class NativeImages
{
    private static readonly string[] Version3 = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"];

    /// <summary>The levels of x86-64, best first, with what Linux calls their parts; source: the System V ABI's supplement for AMD64,
    /// table 3.1.</summary>
    private static readonly (string Name, string[] Flags)[] Sets =
    [
        ("x86-64-v4", [.. Version3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
        ("x86-64-v3", Version3),
    ];

    /// <summary>Becomes the best image that lies beside this program, is of the same build and one that the processor can run; comes back
    /// where there is none.</summary>
    public static void HandOver(string[] args)
    {
        if (RuntimeFeature.IsDynamicCodeSupported || !OperatingSystem.IsLinux() || Environment.ProcessPath is not { } path) return;
        string[] images = [.. OfBuild(path)];
        if (images.Length == 0) return;
        foreach (string set in Runnable(File.ReadLines("/proc/cpuinfo")))
            if (images.Contains(set)) _ = LibC.Execute($"{path}.{set}", [path, .. args, null]);
    }

    /// <summary>The sets of which an image lies beside a program and was linked from the same code as it, best first: what another version
    /// left there is not the program that was called.</summary>
    internal static IEnumerable<string> OfBuild(string path)
    {
        string[] found = [.. Sets.Select(set => set.Name).Where(set => File.Exists($"{path}.{set}"))];
        if (found.Length == 0 || BuildMark.Of(path) is not { } own) return [];
        return found.Where(set => BuildMark.Of($"{path}.{set}") is { } mark && mark.AsSpan().SequenceEqual(own));
    }

    /// <summary>The sets that the first processor of <c>/proc/cpuinfo</c> has and the system lets programs use, best first.</summary>
    internal static IEnumerable<string> Runnable(IEnumerable<string> processor)
    {
        string[] flags = processor.FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        return Sets.Where(set => set.Flags.All(flags.Contains)).Select(set => set.Name);
    }
}
