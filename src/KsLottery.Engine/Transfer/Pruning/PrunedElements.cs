using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor as pruning makes it, computed as it is read; as written by <see cref="ModelPruning.Prune"/>.</summary>
internal sealed class PrunedElements(Tensor tensor, TensorMask kept) : IComputedRows
{
    private readonly IndexSet _elements = kept.ToElements().Units;

    /// <summary>The tensor, whose file is the checkpoint's.</summary>
    public Tensor ToTensor() => new(tensor.File, tensor.Name, tensor.ElementType, tensor.Shape, this);

    /// <inheritdoc/>
    public void Compute(long first, int count, Span<byte> target)
    {
        int size = tensor.ElementType.ByteSize();
        long start = first * tensor.RowShape.Width;
        ReadOnlySpan<byte> read = tensor.GetBytes(start * size, target.Length, target);
        if (tensor.IsMapped) read.CopyTo(target);
        int next = 0, end = target.Length / size;
        foreach (long element in _elements.From(start))
        {
            int place = (int)Math.Min(element - start, end);
            target[(next * size)..(place * size)].Clear();
            if ((next = place + 1) > end) return;
        }
        target[(next * size)..].Clear();
    }
}
