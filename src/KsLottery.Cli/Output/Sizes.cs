using System.Globalization;

namespace KsLottery.Cli;

/// <summary>Shows sizes and counts to people.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A number of bytes in the largest unit of 1024 that leaves a whole part.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        // 1023.95 would be shown as 1024.0.
        for (; value >= 1023.95 && unit < Units.Length - 1; unit++) value /= 1024;
        return string.Create(
            CultureInfo.InvariantCulture, $"{value.ToString(unit == 0 ? "F0" : "F1", CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    /// <summary>A count with its digits in groups.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count with the noun that it counts.</summary>
    public static string Count(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? "" : "s")}";
}
