using System.Diagnostics;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>What a device is compared with.</summary>
public enum VerificationMode
{
    /// <summary>Rows and operations, with the reference.</summary>
    Test,

    /// <summary>Gradients of a model, with central differences.</summary>
    Gradient,
}

/// <summary>How one check ended.</summary>
/// <param name="Name">The check.</param>
/// <param name="Difference">The first difference, or what the device failed with; null where it computes what it must.</param>
/// <param name="Elapsed">How long it took, the reference included.</param>
public sealed record VerificationResult(string Name, string? Difference, TimeSpan Elapsed)
{
    /// <summary>Whether the device computes what it must.</summary>
    public bool Holds => Difference is null;

    /// <summary>What the check is of, the first word of its name: <c>rows</c>, <c>rmsnorm</c>, <c>gradient</c>.</summary>
    public string Topic => Name.Split(' ', 2)[0];
}

/// <summary>Proves on a device that it computes what the reference computes: the same cases as in the tests of this library.</summary>
public static class DeviceVerification
{
    /// <summary>The names of all checks that a filter leaves, in the order in which they run.</summary>
    /// <param name="device">The device, which need not be open; a simulation gets smaller cases.</param>
    /// <param name="mode">What is compared.</param>
    /// <param name="filter">A part of the names, in any case; null takes all.</param>
    public static IReadOnlyList<string> Names(DeviceInfo device, VerificationMode mode, string? filter = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        return [.. Matching(device, mode, filter).Select(c => c.Name)];
    }

    /// <summary>How many checks <see cref="Run"/> runs.</summary>
    /// <param name="device">The device.</param>
    /// <param name="mode">What is compared.</param>
    /// <param name="filter">A part of the names, in any case; null takes all, of a simulation a sample.</param>
    public static int Count(ComputeDevice device, VerificationMode mode, string? filter = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Cases(device, mode, filter).Count();
    }

    /// <summary>Runs checks one after another; a check that fails does not keep the others from running.</summary>
    /// <param name="device">The device.</param>
    /// <param name="mode">What is compared.</param>
    /// <param name="filter">A part of the names, in any case; null takes all, of a simulation a sample.</param>
    /// <param name="cancellationToken">Stops between checks.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IEnumerable<VerificationResult> Run(ComputeDevice device, VerificationMode mode, string? filter = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        foreach (VerificationCase check in Cases(device, mode, filter))
        {
            cancellationToken.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            string? difference = Check(check, device);
            yield return new(check.Name, difference, Stopwatch.GetElapsedTime(started));
        }
    }

    /// <summary>The cases of a mode that are run, in their order.</summary>
    internal static IEnumerable<VerificationCase> Cases(ComputeDevice device, VerificationMode mode, string? filter) =>
        filter is not null || !device.Info.IsSimulation ? Matching(device.Info, mode, filter)
        : mode == VerificationMode.Gradient ? GradientCases.All.Take(1)
        : [.. RowCases.Sample, .. OperationCases.All(isSimulation: true)];

    private static IEnumerable<VerificationCase> Matching(DeviceInfo device, VerificationMode mode, string? filter) =>
        (mode == VerificationMode.Gradient ? GradientCases.All : [.. RowCases.All, .. OperationCases.All(device.IsSimulation)])
            .Where(c => filter is null || c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase));

    private static string? Check(VerificationCase check, ComputeDevice device)
    {
        try
        {
            return check.Check(device);
        }
        catch (Exception e) when (e is DeviceFailureException or DeviceUnavailableException or InvalidOperationException
            or ArgumentException)
        {
            return e.Message;
        }
    }
}

/// <summary>One check of a device against what the reference computes.</summary>
/// <param name="Name">Its name, in which <c>--filter</c> looks, for instance <c>rows F32 unrelated d=4096</c>.</param>
/// <param name="Check">Null where all is as it must be, else the first difference. Throws what the device throws.</param>
internal sealed record VerificationCase(string Name, Func<ComputeDevice, string?> Check)
{
    /// <summary>Whether the device lacks what the case needs, and what that is; null where it has all.</summary>
    public Func<ComputeDevice, string?> Lacks { get; init; } = static _ => null;

    public override string ToString() => Name;
}
