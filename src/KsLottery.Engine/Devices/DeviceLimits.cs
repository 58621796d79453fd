namespace KsLottery.Engine.Devices;

/// <summary>What a device can hold and do.</summary>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="MaximumAllocationBytes">The largest piece of it that can be had.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="MaximumGroupSize">Lanes of a group.</param>
/// <param name="ComputeUnits">Groups that can run at once, at least.</param>
/// <param name="HasDouble">Whether it computes in double precision.</param>
/// <param name="HasUnifiedMemory">Whether it works in the host's own memory.</param>
public sealed record DeviceLimits(
    long MemoryBytes, long MaximumAllocationBytes, int SharedBytes, int MaximumGroupSize, int ComputeUnits, bool HasDouble, bool HasUnifiedMemory);
