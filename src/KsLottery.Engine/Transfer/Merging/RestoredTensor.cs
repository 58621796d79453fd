using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor in which the base's values of several patches stand again.</summary>
internal sealed class RestoredTensor(MergedTensor merged) : IRewrittenTensor
{
    public Tensor Tensor => merged.Tensor;

    public IElementRewriter NewRewriter() => new Rewriter([.. merged.Patches.Select(p => new PatchRewriter(p.Patched, PatchSide.Base))]);

    private sealed class Rewriter(PatchRewriter[] patches) : IElementRewriter
    {
        public RoundingLoss Rewrite(long start, Span<byte> window)
        {
            RoundingLoss loss = default;
            foreach (PatchRewriter one in patches) loss += one.Rewrite(start, window);
            return loss;
        }
    }
}
