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
