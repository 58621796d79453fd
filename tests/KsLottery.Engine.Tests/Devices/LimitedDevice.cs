using KsLottery.Engine.Devices;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>A device with less shared memory than it has, or whose compiler makes some kernels too large for their groups.</summary>
internal sealed class LimitedDevice(KernelDevice device, int sharedBytes = int.MaxValue,
    Func<KernelDefinition, bool>? isTooLarge = null) : KernelDevice
{
    public const string Reason = "it needs more registers than a group has";

    public override string Name => device.Name;

    public override DeviceLimits Limits { get; } = device.Limits with { SharedBytes = Math.Min(device.Limits.SharedBytes, sharedBytes) };

    public override DeviceBuffer Allocate(long bytes) => device.Allocate(bytes);

    public override StagingBuffer AllocateStaging(int bytes) => device.AllocateStaging(bytes);

    public override DeviceQueue CreateQueue() => device.CreateQueue();

    public override string? WhyNotCompiled(KernelDefinition kernel) =>
        WhyNot(kernel) ?? (isTooLarge?.Invoke(kernel) == true ? Reason : device.WhyNotCompiled(kernel));

    public override void Dispose() => device.Dispose();
}
