using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor in which the base's values of several patches stand again.</summary>
internal sealed class RestoredTensor(MergedTensor merged) : IRewrittenTensor
{
    public Tensor Tensor => merged.Tensor;

    public IElementRewriter NewRewriter() => new Rewriter([.. merged.Patches.Select(p => new PatchChanges(p.Patched))]);

    private sealed class Rewriter(PatchChanges[] changes) : IElementRewriter
    {
        public RoundingLoss Rewrite(long start, Span<byte> window)
        {
            foreach (PatchChanges one in changes) one.Restore(start, window);
            return default;
        }
    }
}
