using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>What claims say of the bytes of models and the units of tickets.</content>
internal sealed partial class SeedWork
{
    /// <summary>What a claim bounds, where it is nothing that is scored; null where it is.</summary>
    public double? Measure(RecipeClaim claim) => claim switch
    {
        UnchangedClaim unchanged => CountChanged(RecipeStep.Base, unchanged.Arm, unchanged.Outside),
        SizeClaim size => _made[size.Ticket].Mask is { } mask ? (double)mask.Parameters / mask.ElementCount : double.NaN,
        OverlapClaim overlap => OverlapOf(overlap) is not { } found ? double.NaN
            : TicketOverlap.Measures.First(m => m.Name == overlap.Measure).Get is var get && overlap.IsOverChance
                ? get(found.Overlap) / get(found.ByChance) : get(found.Overlap),
        _ => null,
    };

    /// <summary>What two tickets share, and what two would by chance; null where one is not there.</summary>
    public (MaskOverlap Overlap, MaskOverlap ByChance)? OverlapOf(OverlapClaim claim) =>
        _made[claim.One].Mask is { } one && _made[claim.Other].Mask is { } other
            ? (MaskOverlap.Of(one, other), MaskOverlap.ByChanceInTensors(one, other)) : null;

    /// <summary>How many values of a step's model have other bits than another's, outside of some tickets; NaN where it is not
    /// there.</summary>
    private double CountChanged(string from, string name, IEnumerable<string> outside)
    {
        if (_made[name].Skipped is not null) return double.NaN;
        TicketMask[] masks = [.. outside.Select(t => _made[t].Mask).OfType<TicketMask>()];
        using Checkpoint before = Checkpoint.Open(PathOf(from)), after = Checkpoint.Open(PathOf(name));
        double changed = 0;
        foreach (Tensor one in before.Tensors)
        {
            Tensor other = after.GetTensor(one.Name);
            if (other.ElementType != one.ElementType || other.ElementCount != one.ElementCount) return double.NaN;
            IndexSet inside = masks.Select(m => m.Find(one.Name)?.ToElements().Units).OfType<IndexSet>()
                .Aggregate(IndexSet.Empty(one.ElementCount), (a, b) => a.Union(b));
            ElementReader first = new(one), second = new(other);
            int size = one.ElementType.ByteSize();
            foreach (IndexRun piece in ElementReader.Pieces(inside.Complement().Runs))
            {
                _cancel.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> a = first.Get(piece.Start, (int)piece.Length), b = second.Get(piece.Start, (int)piece.Length);
                if (a.SequenceEqual(b)) continue;
                for (int i = 0; i < a.Length; i += size)
                    if (!a.Slice(i, size).SequenceEqual(b.Slice(i, size))) changed++;
            }
        }
        return changed;
    }
}
