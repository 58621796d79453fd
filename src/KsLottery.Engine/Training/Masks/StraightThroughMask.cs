using System.Runtime.InteropServices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary><see cref="StraightThrough"/> at work: the model's values are w·m, and w stands beside them.</summary>
internal sealed class StraightThroughMask : AppliedMask
{
    private readonly StraightThrough _policy;
    private readonly DeviceMemory[] _whole;
    private readonly DeviceMemory? _pruned, _decay;
    private readonly LargestWeights _largest;
    private IReadOnlyList<IndexSet> _kept = [];

    public StraightThroughMask(IReadOnlyList<MaskedWeight> parts, StraightThrough policy, IOperations operations) : base(parts, operations)
    {
        _policy = policy;
        _whole = [.. parts.Select(p => operations.Allocate(p.Weight.Value.Length))];
        foreach ((MaskedWeight part, DeviceMemory whole) in parts.Zip(_whole)) operations.Copy(whole, part.Weight.Value);
        _largest = new(policy.Kept, parts.Zip(_whole, (part, whole) => (part.Weight, whole.Span)), operations);
        if (policy.Decay == 0) return;
        (_pruned, _decay) = (operations.Allocate(parts.Max(p => p.Weight.Value.Length)), operations.Allocate(1));
        operations.Upload(_decay, [(float)policy.Decay]);
    }

    public override long Length => base.Length + _whole.Sum(w => w.Length) + (_pruned?.Length ?? 0);

    public override void Begin() => Choose();

    /// <summary>Adds λ·(1 - m)·w.</summary>
    public override void MaskGradients()
    {
        if (_pruned is null) return;
        for (int i = 0; i < _whole.Length; i++)
        {
            DeviceSpan gradient = Parts[i].Weight.Gradient, pruned = _pruned.Span.Slice(0, gradient.Length);
            Operations.Copy(pruned, _whole[i]);
            Zero(pruned, _kept[i]);
            // A product with one row and one output is a multiple of its input.
            foreach (IndexRun window in WindowsOf(gradient))
                Operations.MatMulBackwardWeight(gradient.Slice(window.Start, window.Length), _decay!,
                    pruned.Slice(window.Start, window.Length), 1, (int)window.Length);
        }
    }

    public override DeviceSpan ValueOf(Weight weight)
    {
        int index = Parts.TakeWhile(p => p.Weight != weight).Count();
        return index < Parts.Count ? _whole[index] : weight.Value;
    }

    public override void End(long steps)
    {
        if (steps % _policy.Every == 0) Choose();
        else Put();
    }

    public override IEnumerable<TrainingState.Numbers> Save() => Parts.Zip(_kept, (part, kept) =>
    {
        int[] bits = new int[(kept.Length + 31) / 32];
        foreach (long element in kept) bits[element >> 5] |= 1 << (int)(element & 31);
        return new TrainingState.Numbers(NameOf(part), bits);
    });

    public override void Restore(Func<string, int[]?> read)
    {
        _kept = [.. Parts.Select(part => read(NameOf(part)) is { } bits
            ? IndexSet.Decode(part.Weight.Value.Length, IndexCoding.Bits,
                MemoryMarshal.AsBytes<int>(bits)[..(int)((part.Weight.Value.Length + 7) / 8)])
            : throw new InvalidDataException($"the state does not say what of {part.Weight.Name} is kept. Begin the run anew."))];
        Put();
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (DeviceMemory whole in _whole) whole.Dispose();
        _pruned?.Dispose();
        _decay?.Dispose();
    }

    private static string NameOf(MaskedWeight part) => part.Weight.Name + ".kept";

    private void Choose()
    {
        _kept = _largest.Choose();
        Put();
    }

    private void Put()
    {
        for (int i = 0; i < _whole.Length; i++)
        {
            Operations.Copy(Parts[i].Weight.Value, _whole[i]);
            Zero(Parts[i].Weight.Value, _kept[i].Complement());
        }
    }
}
