using System.Diagnostics;
using System.Globalization;

namespace KsLottery.Engine.Experiments;

/// <summary>The process that holds an arm, as it says of itself in a line of text.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="Started">When it started, in UTC; tells it from a later one of the same number.</param>
/// <param name="Host">The machine's name.</param>
/// <param name="Beat">Grows while the process lives.</param>
internal sealed record LockHolder(int ProcessId, DateTime Started, string Host, long Beat)
{
    /// <summary>The clock that a start is computed from can be set meanwhile.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>This process.</summary>
    public static LockHolder Own { get; } = Create();

    public bool IsHere => Host == Own.Host;

    /// <summary>Whether a process of this machine still runs.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                using Process process = Process.GetProcessById(ProcessId);
                return (process.StartTime.ToUniversalTime() - Started).Duration() < Tolerance;
            }
            // It is gone, was gone while it was asked, or is another's.
            catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ProcessId}\t{Started:O}\t{Host}\t{Beat}\n");

    /// <summary>Reads the line; null where it is none, as while it is being written.</summary>
    public static LockHolder? Parse(string text) => text.TrimEnd('\n').Split('\t') is [var process, var started, var host, var beat]
        && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
        && long.TryParse(beat, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
        && DateTime.TryParseExact(started, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time)
        ? new(id, time, host, count) : null;

    private static LockHolder Create()
    {
        using Process process = Process.GetCurrentProcess();
        return new(process.Id, process.StartTime.ToUniversalTime(), Environment.MachineName, 0);
    }
}
