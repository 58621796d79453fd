namespace KsLottery.Engine.Tests.Architecture;

/// <summary>The C# that people write: all but what builds leave behind.</summary>
internal static class Sources
{
    public static IEnumerable<string> In(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file =>
            Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar) is var parts && !parts.Contains("obj")
            && !parts.Contains("bin"));
}
