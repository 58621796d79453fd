using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary><see cref="ProjectedSteps"/> at work.</summary>
internal sealed class Projection(IReadOnlyList<MaskedWeight> parts, ProjectedSteps policy, IOperations operations)
    : AppliedMask(parts, operations)
{
    private readonly LargestWeights _largest = new(policy.Kept, parts.Select(p => (p.Weight, p.Weight.Value)), operations);

    public override void End(long steps)
    {
        foreach ((MaskedWeight part, IndexSet kept) in Parts.Zip(_largest.Choose()))
        {
            IndexSet cut = kept.Complement();
            foreach (DeviceSpan values in policy.ZeroesMoments ? (DeviceSpan[])[part.Weight.Value, .. part.Moments] : [part.Weight.Value])
                Zero(values, cut);
        }
    }
}
