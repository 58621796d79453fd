namespace KsLottery.Engine.Checkpoints;

/// <summary>Tells a file that is absent from a link whose target is.</summary>
internal static class DanglingLink
{
    /// <summary>Refuses a link that leads nowhere by its target, as in a cache of which a download was not finished or was cleaned away.</summary>
    /// <exception cref="CheckpointFormatException">The path is such a link.</exception>
    public static void ThrowIfDangling(string path)
    {
        if (new FileInfo(path).LinkTarget is null) return;
        string target = RealPath.Of(path);
        if (!File.Exists(target) && !Directory.Exists(target))
            throw new CheckpointFormatException(CheckpointDefect.DanglingLink, path, $"this is a link to {target}, and there is no such file",
                "Download the model again, or give the folder that holds the files themselves");
    }
}
