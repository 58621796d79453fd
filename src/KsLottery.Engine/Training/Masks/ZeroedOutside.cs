using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary><see cref="ZeroOutside"/> at work.</summary>
/// <remarks>Where weight, gradient and moments are 0 no optimizer here moves a weight, so that only gradients are masked at each
/// step.</remarks>
internal sealed class ZeroedOutside(IReadOnlyList<MaskedWeight> parts, IReadOnlyDictionary<string, TensorMask> kept, IOperations operations)
    : AppliedMask(parts, operations)
{
    private readonly IndexSet[] _outside = [.. parts.Select(p => kept[p.Weight.Name].ToElements().Units.Complement())];

    public override void Begin()
    {
        foreach ((MaskedWeight part, IndexSet outside) in Parts.Zip(_outside))
            foreach (DeviceSpan values in (DeviceSpan[])[part.Weight.Value, .. part.Moments]) Zero(values, outside);
    }

    public override void MaskGradients()
    {
        foreach ((MaskedWeight part, IndexSet outside) in Parts.Zip(_outside)) Zero(part.Weight.Gradient, outside);
    }
}
