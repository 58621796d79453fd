namespace KsLottery.Engine.Checkpoints;

/// <summary>Remembers the files that this process has open as inputs, so that no writer replaces one.</summary>
/// <remarks>
/// A file is known by its real path. A hard link to an input is no danger: a writer renames onto the link, and the input's content
/// stays under its other name.
/// </remarks>
internal static class OpenInputs
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, int> Counts =
        new(OperatingSystem.IsLinux() || OperatingSystem.IsFreeBSD() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);

    /// <summary>Enters a file and returns the key with which it is removed.</summary>
    public static string Add(string path)
    {
        string key = RealPath.Of(path);
        lock (Gate) Counts[key] = Counts.GetValueOrDefault(key) + 1;
        return key;
    }

    /// <summary>Takes back one <see cref="Add"/>.</summary>
    public static void Remove(string key)
    {
        lock (Gate)
        {
            if (Counts[key] > 1) Counts[key]--;
            else Counts.Remove(key);
        }
    }

    /// <exception cref="IOException">The path leads to an open input.</exception>
    public static void ThrowIfOpen(string target)
    {
        string key = RealPath.Of(target);
        lock (Gate)
        {
            if (Counts.ContainsKey(key))
                throw new IOException($"{target}: refused, because this file is being read as an input. Write to another path.");
        }
    }
}
