using System.Diagnostics;

namespace KsLottery.Benchmarks;

/// <summary>Goes round and round over rows on some threads, each on its own share, for a given time.</summary>
internal sealed class RowLoop
{
    /// <summary>What is read between two looks at the clock: long enough for it to cost nothing, short enough for the slowest
    /// kernel.</summary>
    private const int BytesAtATime = 1 << 17;

    private readonly int _rowsAtATime;
    private readonly (int First, int Count)[] _shares;
    private readonly int[] _next;

    public RowLoop(BenchRows matrices, int threads)
    {
        int rows = matrices.RowCount, share = rows / threads;
        _rowsAtATime = Math.Max(1, BytesAtATime / matrices.PairBytes);
        Debug.Assert(share > 0);
        _shares = [.. Enumerable.Range(0, threads).Select(t => (t * share, t == threads - 1 ? rows - t * share : share))];
        _next = new int[threads];
    }

    /// <summary>Calls <paramref name="work"/> with (worker, first row, rows) until the time is over.</summary>
    /// <returns>Rows per second of all threads together.</returns>
    public double Run(TimeSpan time, Action<int, int, int> work)
    {
        if (_shares.Length == 1) return RunShare(0, time, work);

        double[] rates = new double[_shares.Length];
        using Barrier start = new(_shares.Length);
        Thread[] threads = [.. Enumerable.Range(0, _shares.Length).Select(worker => new Thread(() =>
        {
            start.SignalAndWait();
            rates[worker] = RunShare(worker, time, work);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return rates.Sum();
    }

    private double RunShare(int worker, TimeSpan time, Action<int, int, int> work)
    {
        (int first, int count) = _shares[worker];
        int next = _next[worker];
        long started = Stopwatch.GetTimestamp(), rows = 0;
        TimeSpan elapsed;
        do
        {
            int step = Math.Min(_rowsAtATime, count - next);
            work(worker, first + next, step);
            rows += step;
            next = (next + step) % count;
            elapsed = Stopwatch.GetElapsedTime(started);
        }
        while (elapsed < time);
        _next[worker] = next;
        return rows / elapsed.TotalSeconds;
    }
}
