namespace KsLottery.Engine.Checkpoints;

/// <summary>How a checkpoint is read.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Whether files are mapped into memory (the default) or read chunk by chunk.</summary>
    /// <remarks>
    /// Reading is slower, yet safe where a mapping is not: on a network folder, or where another program may shorten the file, which
    /// ends a process that maps it with a bus error.
    /// </remarks>
    public bool UseMemoryMap { get; init; } = true;

    /// <summary>Whether a patch whose checksum is wrong is read all the same; it is refused otherwise.</summary>
    public bool IgnoresChecksum { get; init; }
}
