namespace KsLottery.Engine.Operations;

/// <summary>Threads that share out the parts of one operation after another.</summary>
internal sealed class WorkerPool : IDisposable
{
    /// <param name="threads">The number of threads that work, the caller's included; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ThreadCount = threads;
    }

    /// <summary>The number of threads that work, the caller's included.</summary>
    public int ThreadCount { get; }

    /// <summary>Calls the work once for each part from 0 to <paramref name="parts"/> - 1, on any thread and in any order, and waits for all.</summary>
    public void Run(int parts, Action<int> work)
    {
        if (ThreadCount == 1 || parts == 1)
            for (int part = 0; part < parts; part++) work(part);
        else
            Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = ThreadCount }, work);
    }

    public void Dispose()
    {
    }
}
