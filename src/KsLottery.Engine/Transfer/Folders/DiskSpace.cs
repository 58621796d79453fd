namespace KsLottery.Engine.Transfer;

/// <summary>Whether a disk has room for what will be written.</summary>
internal static class DiskSpace
{
    /// <summary>Looks before anything is written.</summary>
    /// <param name="path">The output as it was given, for the message.</param>
    /// <param name="folder">A folder on its disk.</param>
    /// <param name="needed">Bytes.</param>
    /// <exception cref="IOException">There is less.</exception>
    public static void ThrowIfTooLittle(string path, string folder, long needed) =>
        ThrowIfTooLittle(path, needed, new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace);

    internal static void ThrowIfTooLittle(string path, long needed, long available)
    {
        if (available < needed)
            throw new IOException($"{path}: {needed} bytes will be written and the disk has room for {available}. Free "
                + $"{needed - available} bytes, or name a folder on another disk.");
    }
}
