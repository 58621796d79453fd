namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds the one path behind which a file really lies.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The absolute path with every symbolic link resolved, those of its folders included; the file need not exist.</summary>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        for (int links = 0; links < MostLinks; links++)
        {
            if (ResolveFirstLink(full) is not { } next) return full;
            full = next;
        }
        throw new IOException($"{path}: more than {MostLinks} symbolic links lie behind this path. Give the file's own path.");
    }

    private static string? ResolveFirstLink(string full)
    {
        string current = Path.GetPathRoot(full)!;
        string[] parts = full[current.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            string folder = current;
            current = Path.Combine(folder, parts[i]);
            FileSystemInfo entry = Directory.Exists(current) ? new DirectoryInfo(current) : new FileInfo(current);
            if (entry.LinkTarget is { } target) return Path.GetFullPath(Path.Combine([folder, target, .. parts[(i + 1)..]]));
        }
        return null;
    }
}
