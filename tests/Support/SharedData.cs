namespace KsLottery.Tests.Support;

/// <summary>Finds the reference data that stands beside a checkout; a test without it is skipped and says so.</summary>
internal static class SharedData
{
    public static string Root { get; } = FindRoot();

    /// <summary>The path of a file or folder in the shared data; ignores the running test where it is absent.</summary>
    public static string Path(params string[] parts)
    {
        string path = System.IO.Path.Combine([FindData(), .. parts]);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Ignore($"shared data is absent: {string.Join('/', parts)} is not beside this checkout (expected ../shared/data)");
        return path;
    }

    /// <summary>Whether the shared data stands beside this checkout.</summary>
    public static bool IsPresent => Directory.Exists(FindData());

    private static string FindData() => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Root)!, "shared", "data");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "KsLottery.Engine.sln")))
                return folder.FullName;
        throw new InvalidOperationException("no KsLottery.Engine.sln above the test assembly");
    }
}
