using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace KsLottery.Engine.Numerics;

/// <summary>Work on several things by several threads at a time.</summary>
internal static class SideBySide
{
    /// <summary>Does each as soon as a thread is free, in their order; the first fault comes out as it was thrown.</summary>
    /// <param name="items">The things, taken one by one.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Stops between two.</param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void ForEach<T>(IEnumerable<T> items, int threads, Action<T> work, CancellationToken cancellationToken)
    {
        ParallelOptions options = new()
        {
            MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount,
            CancellationToken = cancellationToken,
        };
        Run(() => Parallel.ForEach(Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering), options, work));
    }

    /// <summary>The same by threads of their own, for work that waits for a disk: there may be more of them than processors.</summary>
    /// <inheritdoc cref="ForEach" path="/param | /exception"/>
    public static void ForEachWaiting<T>(IEnumerable<T> items, int threads, Action<T> work, CancellationToken cancellationToken)
    {
        using IEnumerator<T> next = items.GetEnumerator();
        bool isOver = false;
        Task[] workers = [.. Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Run(() => Task.WaitAll(workers));

        void Work()
        {
            bool isDone = true;
            try
            {
                while (TryTake(out T item))
                {
                    isDone = false;
                    work(item);
                    isDone = true;
                }
            }
            finally
            {
                if (!isDone) Volatile.Write(ref isOver, true);
            }
        }

        bool TryTake(out T item)
        {
            lock (next)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool isThere = !Volatile.Read(ref isOver) && next.MoveNext();
                item = isThere ? next.Current : default!;
                return isThere;
            }
        }
    }

    /// <summary>Does work of several threads; the first fault of any comes out as it was thrown.</summary>
    public static void Run(Action work)
    {
        try
        {
            work();
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.Flatten().InnerExceptions[0]);
        }
    }
}
