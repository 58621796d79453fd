namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds the one path behind which a file really lies.</summary>
internal static class RealPath
{
    private const int MaxLinks = 40;

    /// <summary>The absolute path with every symbolic link resolved, those of its folders included; the file need not exist.</summary>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        for (int links = 0; links < MaxLinks; links++)
        {
            if (ResolveFirstLink(full) is not { } next) return full;
            full = next;
        }
        throw new IOException($"{path}: more than {MaxLinks} symbolic links lie behind this path. Give the file's own path.");
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

/// <summary>Tells a file that is absent from a link whose target is.</summary>
internal static class DanglingLink
{
    /// <summary>Refuses a link that leads nowhere by its target, as in a cache of which a download was not finished or was cleaned
    /// away.</summary>
    /// <exception cref="CheckpointFormatException">The path is such a link.</exception>
    public static void ThrowIfDangling(string path)
    {
        if (new FileInfo(path).LinkTarget is null) return;
        string target = RealPath.Of(path);
        if (!File.Exists(target) && !Directory.Exists(target))
            throw new CheckpointFormatException(CheckpointDefect.DanglingLink, path,
                $"this is a link to {target}, and there is no such file",
                "Download the model again, or give the folder that holds the files themselves");
    }
}
