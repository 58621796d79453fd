namespace KsLottery.Engine.Operations;

/// <summary>How much memory a device has given out, now and at most.</summary>
internal sealed class AllocationCount
{
    private readonly Lock _lock = new();

    /// <summary>Bytes given out and not given back.</summary>
    public long Bytes { get; private set; }

    /// <summary>The most that <see cref="Bytes"/> has been.</summary>
    public long PeakBytes { get; private set; }

    public void Add(long bytes)
    {
        lock (_lock)
        {
            Bytes += bytes;
            PeakBytes = Math.Max(PeakBytes, Bytes);
        }
    }

    public void Remove(long bytes)
    {
        lock (_lock) Bytes -= bytes;
    }
}
