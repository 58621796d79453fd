using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Mpi.Tests;

/// <summary>What <c>mpirun</c> starts in these tests: one rank, whose work the arguments name.</summary>
internal static class RankProgram
{
    private const int Failed = 5;

    public static int Main(string[] arguments)
    {
        // On Open MPI's pseudo-terminal .NET would begin with a text for its keypad.
        Environment.SetEnvironmentVariable("TERM", null);
        using CancellationTokenSource cancel = new();
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            cancel.Cancel();
        });
        MpiGroup ranks;
        try
        {
            ranks = MpiGroup.Join(new() { StretchBytes = 1024 }, cancel.Token);
        }
        catch (Devices.DeviceUnavailableException e)
        {
            Console.Error.WriteLine(e.Message);
            return 3;
        }
        try
        {
            Work(ranks, arguments[0], cancel.Token);
            ranks.Dispose();
            return 0;
        }
        catch (Exception e)
        {
            RankFailure failure = ranks.Failure ?? new(ranks.Rank, Failed, e.Message);
            if (failure.Rank == ranks.Rank || ranks.Rank != 0) ranks.Fail(failure);
            Console.Error.WriteLine($"{ranks.NameOf(failure.Rank)}: {failure.Message}");
            ranks.Abort(failure.ExitCode);
            throw;
        }
    }

    private static void Work(MpiGroup ranks, string work, CancellationToken cancel)
    {
        switch (work)
        {
            case "collectives":
                Collectives(ranks);
                if (ranks.Writes) Console.WriteLine($"{ranks.Size} ranks of {ranks.Description}");
                break;
            case "throw":
                if (ranks.Rank == ranks.Size - 1) throw new InvalidOperationException("planted");
                ranks.Barrier();
                break;
            case "terminate":
                if (ranks.Rank == 1)
                {
                    Signal("-TERM");
                    cancel.WaitHandle.WaitOne();
                    cancel.ThrowIfCancellationRequested();
                }
                ranks.Barrier();
                break;
            case "differ":
                if (ranks.Rank == 1) ranks.Sum([1, 2]);
                else ranks.Barrier();
                break;
            case "stop":
            case "kill":
                ranks.Enter("the planted silence");
                ranks.Barrier();
                if (ranks.Rank == 1) Signal(work == "stop" ? "-STOP" : "-KILL");
                ranks.Enter("the wait for it");
                ranks.Barrier();
                break;
        }
    }

    private static void Signal(string signal)
    {
        // The beat that tells of the phase goes first.
        if (signal != "-TERM") Thread.Sleep(600);
        string process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        Process.Start("kill", [signal, process]).WaitForExit();
    }

    /// <summary>Each call with lengths that are no multiple of a stretch, some of them 0.</summary>
    private static void Collectives(RankGroup ranks)
    {
        long[] counts = [.. Enumerable.Range(0, ranks.Size).Select(rank => rank == 1 ? 0L : 5000 + (rank * 777))];
        byte[] all = new byte[ranks.Writes ? counts.Sum() : 0];
        ranks.Gather(Bytes(ranks.Rank, (int)counts[ranks.Rank]), counts, all);
        byte[] expected = [.. Enumerable.Range(0, ranks.Size).SelectMany(rank => Bytes(rank, (int)counts[rank]))];
        Check(!ranks.Writes || all.AsSpan().SequenceEqual(expected), "gather");

        byte[] told = ranks.Writes ? Bytes(42, 4097) : new byte[4097];
        ranks.Broadcast(told);
        Check(told.AsSpan().SequenceEqual(Bytes(42, 4097)), "broadcast");

        long[] outgoing = [.. Enumerable.Range(0, ranks.Size).Select(to => Between(ranks.Rank, to))];
        long[] incoming = [.. Enumerable.Range(0, ranks.Size).Select(from => Between(from, ranks.Rank))];
        byte[] came = new byte[incoming.Sum()];
        ranks.Exchange([.. outgoing.SelectMany((count, to) => Bytes((100 * ranks.Rank) + to, (int)count))], outgoing, came, incoming);
        Check(came.AsSpan().SequenceEqual([.. incoming.SelectMany((count, from) => Bytes((100 * from) + ranks.Rank, (int)count))]),
            "exchange");

        long[] sums = [.. Enumerable.Range(0, 1001).Select(i => (long.MaxValue / 7) + (i * (ranks.Rank + 1L)))], largest = [.. sums];
        ranks.Sum(sums);
        ranks.Max(largest);
        for (int i = 0; i < sums.Length; i++)
        {
            Check(sums[i] == unchecked((ranks.Size * (long.MaxValue / 7)) + (i * (ranks.Size * (ranks.Size + 1L) / 2))), "sum");
            Check(largest[i] == (long.MaxValue / 7) + (i * (long)ranks.Size), "max");
        }
        ranks.Barrier();
    }

    private static long Between(int from, int to) => (from + to) % 3 == 2 ? 0 : 1500 + (100 * from) + (7 * to);

    private static byte[] Bytes(int seed, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31) + (seed * 17) + (i >> 8)))];

    private static void Check(bool isRight, string what)
    {
        if (!isRight) throw new InvalidOperationException($"{what} is wrong");
    }
}
