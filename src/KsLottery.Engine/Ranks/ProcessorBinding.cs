using System.Globalization;

namespace KsLottery.Engine.Ranks;

/// <summary>Which processors this process may use: a launcher may bind each rank to one.</summary>
internal static class ProcessorBinding
{
    private const string Status = "/proc/self/status", Online = "/sys/devices/system/cpu/online", Key = "Cpus_allowed_list:";

    /// <summary>Whether it is bound to one processor of a machine that has more; no where the system does not say.</summary>
    public static bool IsBoundToOne()
    {
        try
        {
            string? allowed = File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal));
            return allowed is not null && Count(allowed[Key.Length..]) == 1 && Count(File.ReadAllText(Online)) > 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>How many numbers a list such as <c>0-3,8</c> names; 0 where it is none.</summary>
    internal static int Count(string list)
    {
        int count = 0;
        foreach (string range in list.Trim().Split(','))
        {
            string[] ends = range.Split('-');
            if (!TryParse(ends[0], out int first) || !TryParse(ends[^1], out int last)) return 0;
            count += last - first + 1;
        }
        return count;

        static bool TryParse(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
