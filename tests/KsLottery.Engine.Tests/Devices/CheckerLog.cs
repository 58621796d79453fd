namespace KsLottery.Engine.Tests.Devices;

/// <summary>What oclgrind, as the OpenCL implementation, wrote of the context that was last closed; each begins the log anew.</summary>
internal static class CheckerLog
{
    public const string Variable = "OCLGRIND_LOG";

    private static string Path => Environment.GetEnvironmentVariable(Variable) ?? "";

    /// <summary>Whether a checker watches.</summary>
    public static bool Watches => Path.Length > 0;

    public static string Read() => File.Exists(Path) ? File.ReadAllText(Path) : "";

    /// <summary>Fails where a checker watches and found something; to be called once the device is closed.</summary>
    public static void AssertEmpty()
    {
        if (Watches) Assert.That(Read(), Is.Empty);
    }
}
