using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Operations;

namespace KsLottery.LibraryPeers;

/// <summary>Short operations shared out between two threads, against Parallel.For; the second with <c>taskset -c 1</c> before
/// it.</summary>
internal static class ThreadPeers
{
    private const int Operations = 2000, Parts = 8, Repetitions = 5;

    public static void Run()
    {
        using WorkerPool pool = new(2);
        ParallelOptions two = new() { MaxDegreeOfParallelism = 2 };
        double[] sums = new double[Parts * 16];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Operations:N0} operations of {Parts} parts, {Environment.ProcessorCount} processors, best of {Repetitions}:\n"));
        Console.WriteLine("| | wall, ms | CPU, ms |\n|---|---:|---:|");
        Print("one thread", () => { for (int part = 0; part < Parts; part++) Work(part); });
        Print("WorkerPool, two threads", () => pool.Run(Parts, Work));
        Print("Parallel.For, two threads", () => Parallel.For(0, Parts, two, Work));

        void Work(int part)
        {
            double sum = 0;
            for (int i = 1; i < 5000; i++) sum += 1.0 / i;
            sums[part * 16] += sum;
        }
    }

    private static void Print(string what, Action operation)
    {
        (double wall, double cpu) best = (double.MaxValue, double.MaxValue);
        for (int repetition = 0; repetition < Repetitions; repetition++)
        {
            (long started, TimeSpan used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            for (int i = 0; i < Operations; i++) operation();
            double wall = Stopwatch.GetElapsedTime(started).TotalMilliseconds,
                cpu = (Environment.CpuUsage.TotalTime - used).TotalMilliseconds;
            best = (Math.Min(best.wall, wall), Math.Min(best.cpu, cpu));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {best.wall:N0} | {best.cpu:N0} |"));
    }
}
