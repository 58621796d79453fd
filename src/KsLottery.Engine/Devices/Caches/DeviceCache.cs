namespace KsLottery.Engine.Devices;

/// <summary>What is kept of compiled kernels; 256 MiB at most, beyond which the oldest go.</summary>
/// <param name="Folder">The cache's folder; null where nothing is kept.</param>
/// <param name="Programs">Compiled kernels.</param>
/// <param name="Bytes">What they take.</param>
internal readonly record struct DeviceCache(string? Folder, int Programs, long Bytes)
{
    /// <summary>Looks into the folder that <c>KSLOTTERY_CACHE</c> or the system names.</summary>
    public static DeviceCache Examine()
    {
        string? folder = CacheFolder.Path;
        IReadOnlyList<FileInfo> files = new ProgramCache(folder).Files;
        return new(folder, files.Count, files.Sum(f => f.Length));
    }
}
