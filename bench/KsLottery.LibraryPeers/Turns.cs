using System.Globalization;

namespace KsLottery.LibraryPeers;

/// <summary>Times two ways to do the same by turns.</summary>
internal static class Turns
{
    private const int Repetitions = 9;
    private const double MinSeconds = 0.02;

    /// <summary>Prints a line with microseconds of CPU time a call, medians of nine, and how many times ours theirs is.</summary>
    public static void Print(string what, Action ours, Action theirs)
    {
        (int calls, int otherCalls) = (CallsFor(ours), CallsFor(theirs));
        List<double> own = [], other = [];
        for (int i = 0; i < Repetitions; i++)
        {
            own.Add(Seconds(ours, calls));
            other.Add(Seconds(theirs, otherCalls));
        }
        double a = own.Order().ElementAt(Repetitions / 2) * 1e6, b = other.Order().ElementAt(Repetitions / 2) * 1e6;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {a:G4} | {b:G4} | {b / a:F2} |"));
    }

    /// <summary>The head of a table of <see cref="Print"/>.</summary>
    public static void Head(string library) =>
        Console.WriteLine($"| | ours, µs | {library}, µs | theirs / ours |\n|---|---:|---:|---:|");

    /// <summary>Warms up, and finds how many calls take long enough to be timed.</summary>
    private static int CallsFor(Action action)
    {
        int calls = 1;
        for (int round = 0; round < 40; round++)
        {
            if (Seconds(action, calls) * calls >= MinSeconds) { if (round > 12) break; }
            else calls *= 2;
        }
        return calls;
    }

    private static double Seconds(Action action, int calls)
    {
        TimeSpan started = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < calls; i++) action();
        return (Environment.CpuUsage.TotalTime - started).TotalSeconds / calls;
    }
}
