using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor in which all is zero that a mask does not keep; what it keeps has its very bits.</summary>
internal sealed class PrunedTensor(Tensor tensor, TensorMask kept) : IRewrittenTensor
{
    public Tensor Tensor => tensor;

    public TensorMask Kept => kept;

    public IElementRewriter NewRewriter() => new Rewriter(kept, tensor.ElementType.ByteSize());

    private sealed class Rewriter(TensorMask kept, int size) : IElementRewriter
    {
        private readonly MaskPlaces _mask = new(kept);
        private readonly int[] _inside = new int[ElementReader.MaxCount], _around = new int[ElementReader.MaxCount];

        public RoundingLoss Rewrite(long start, Span<byte> window)
        {
            int length = window.Length / size, inside = _mask.Read(start, length, _inside),
                around = MaskPlaces.Around(_inside.AsSpan(0, inside), length, _around);
            foreach (int place in _around.AsSpan(0, around)) window.Slice(place * size, size).Clear();
            return default;
        }
    }
}
