using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>One check of a device against what the reference computes.</summary>
/// <param name="Name">Its name, in which <c>--filter</c> looks, for instance <c>rows F32 unrelated d=4096</c>.</param>
/// <param name="Check">Null where all is as it must be, else the first difference. Throws what the device throws.</param>
internal sealed record VerificationCase(string Name, Func<ComputeDevice, string?> Check)
{
    /// <summary>Whether the device lacks what the case needs, and what that is; null where it has all.</summary>
    public Func<ComputeDevice, string?> Lacks { get; init; } = static _ => null;

    public override string ToString() => Name;
}
