namespace KsLottery.Engine.Devices;

/// <summary>Where this program keeps what it can make again: compiled kernels and what devices were measured at.</summary>
internal static class CacheFolder
{
    /// <summary>The environment variable that names another folder, or is <c>off</c> for none.</summary>
    public const string Variable = "KSLOTTERY_CACHE";

    private const string Off = "off", Name = "kslottery";

    /// <summary>The folder, which need not exist; null where nothing is kept.</summary>
    public static string? Path => Environment.GetEnvironmentVariable(Variable) switch
    {
        Off => null,
        { Length: > 0 } folder => System.IO.Path.GetFullPath(folder),
        _ => SystemFolder() is { } folder ? System.IO.Path.Combine(folder, Name) : null,
    };

    /// <summary>Makes a folder that only this user can read and write, where the system knows of such.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Where the system's caches are; null where it does not tell.</summary>
    private static string? SystemFolder()
    {
        if (OperatingSystem.IsWindows()) return NotEmpty(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData));
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        if (OperatingSystem.IsMacOS()) return home.Length > 0 ? System.IO.Path.Combine(home, "Library", "Caches") : null;
        // The XDG specification has relative paths ignored.
        return Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } folder && System.IO.Path.IsPathRooted(folder) ? folder
            : home.Length > 0 ? System.IO.Path.Combine(home, ".cache") : null;
    }

    private static string? NotEmpty(string text) => text.Length > 0 ? text : null;
}
