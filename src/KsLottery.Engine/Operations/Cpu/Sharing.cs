namespace KsLottery.Engine.Operations;

/// <summary>How an operation is cut into parts: never by the number of threads, so that its result does not depend on it.</summary>
internal static class Sharing
{
    /// <summary>Element operations that are worth a part of their own, some ten microseconds.</summary>
    private const long MinWork = 1 << 15;

    /// <summary>Calls the work for ranges [from, to) that together make up all items.</summary>
    /// <param name="pool">Who works.</param>
    /// <param name="items">The number of items, independent of each other.</param>
    /// <param name="workPerItem">Element operations of one item.</param>
    /// <param name="work">Hears the first item and the one behind the last.</param>
    public static void Share(this WorkerPool pool, long items, long workPerItem, Action<long, long> work)
    {
        if (items == 0) return;
        long each = Math.Clamp(MinWork / Math.Max(workPerItem, 1), 1, items);
        pool.Run(checked((int)((items + each - 1) / each)), part => work(part * each, Math.Min(items, (part + 1) * each)));
    }
}
