using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Kernels;

namespace KsLottery.Engine.Verification;

/// <summary>Whether a device can run a kernel.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="GroupSize">Lanes of a group.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="UsesDouble">Whether it computes in double precision.</param>
/// <param name="Reason">Why it cannot, without a final full stop; null where it can.</param>
internal sealed record KernelSupport(string Kernel, int GroupSize, int SharedBytes, bool UsesDouble, string? Reason)
{
    /// <summary>Whether the device can run it.</summary>
    public bool IsSupported => Reason is null;
}

/// <summary>Which of this library's kernels a device can run; what it cannot run has a stand-in, or the work is done by the
/// processor.</summary>
internal static class DeviceSupport
{
    /// <summary>The names of the kernels that a filter leaves, in their order.</summary>
    /// <param name="filter">A part of the names, in any case; null takes all.</param>
    public static IEnumerable<string> Names(string? filter) => Matching(filter).Select(k => k.Name);

    /// <summary>Builds every kernel that a filter leaves, without running it.</summary>
    /// <param name="device">The device; the processor itself runs no kernels.</param>
    /// <param name="filter">A part of the names, in any case; null takes all.</param>
    public static IEnumerable<KernelSupport> Of(ComputeDevice device, string? filter = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.Kernels is not { } kernels) yield break;
        using DeviceQueue queue = kernels.CreateQueue();
        foreach (KernelDefinition kernel in Matching(filter))
            yield return new(kernel.Name, kernel.GroupSize, kernel.SharedBytes, kernel.UsesDouble, kernels.WhyNot(kernel)
                ?? WhyNotBuilt(queue, kernel));
    }

    private static IEnumerable<KernelDefinition> Matching(string? filter) => KernelCatalog.All
        .Where(k => filter is null || k.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))
        .OrderBy(k => k.Name, StringComparer.Ordinal);

    private static string? WhyNotBuilt(DeviceQueue queue, KernelDefinition kernel)
    {
        try
        {
            queue.Build(kernel);
            return null;
        }
        catch (DeviceFailureException e)
        {
            return e.Message;
        }
    }
}
