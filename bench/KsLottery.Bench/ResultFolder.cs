using BenchmarkDotNet.Reports;

namespace KsLottery.Bench;

/// <summary>Copies the table of a run to bench/results/&lt;processor&gt;/&lt;benchmark&gt;.md, where git shows what changed.</summary>
internal static class ResultFolder
{
    public static void Keep(Summary summary)
    {
        if (summary.BenchmarksCases.Length == 0 || FindBench() is not { } bench) return;
        string processor = string.Concat(ProcessorName().Split(Path.GetInvalidFileNameChars())).Replace(' ', '-');
        string folder = Directory.CreateDirectory(Path.Combine(bench, "results", processor)).FullName;
        string name = summary.BenchmarksCases[0].Descriptor.Type.Name;
        foreach (string table in Directory.GetFiles(summary.ResultsDirectoryPath, $"*{name}-report-github.md"))
            File.Copy(table, Path.Combine(folder, name + ".md"), overwrite: true);
    }

    private static string ProcessorName()
    {
        const string Facts = "/proc/cpuinfo";
        string? line = File.Exists(Facts) ? File.ReadLines(Facts).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
    }

    /// <summary>The folder bench above where this runs; null where there is none.</summary>
    public static string? FindBench()
    {
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KsLottery.Engine.sln"))) return Path.Combine(folder.FullName, "bench");
        return null;
    }
}
