namespace KsLottery.Engine.Devices;

/// <summary>Tells on stderr what devices do behind the scenes, where a person asks for it.</summary>
internal static class DeviceTrace
{
    /// <summary>The environment variable that switches it on, with any value but <c>0</c>.</summary>
    public const string Variable = "KSLOTTERY_TRACE";

    /// <summary>Whether anybody wants to know.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } and not "0";

    /// <summary>Writes a line; its text is not made where nobody reads it.</summary>
    public static void Write(FormattableString line)
    {
        if (IsOn) Console.Error.WriteLine($"kslottery: {FormattableString.Invariant(line)}");
    }
}
