namespace KsLottery.Engine.Devices;

/// <summary>What a device can hold and do.</summary>
/// <param name="MemoryBytes">Its memory in bytes; a scan takes a quarter of it at most.</param>
/// <param name="MaximumAllocationBytes">The largest buffer that can be had, in bytes.</param>
/// <param name="SharedBytes">Shared memory of a group in bytes; no kernel needs more than 48 KiB.</param>
/// <param name="MaximumGroupSize">Lanes of a group, at most; the kernels have 256 or less.</param>
/// <param name="ComputeUnits">Groups that can run at once, at least 1.</param>
/// <param name="HasDouble">Whether it computes in double precision.</param>
/// <param name="HasUnifiedMemory">Whether it works in the host's own memory.</param>
public sealed record DeviceLimits(
    long MemoryBytes, long MaximumAllocationBytes, int SharedBytes, int MaximumGroupSize, int ComputeUnits, bool HasDouble,
        bool HasUnifiedMemory);
