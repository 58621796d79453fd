using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor in a patch, and the one of a checkpoint that it is for.</summary>
internal sealed record PatchTarget(PatchedTensor Patched, Tensor Tensor)
{
    /// <summary>The tensors of a checkpoint that a patch is for, in its order.</summary>
    /// <exception cref="KeyNotFoundException">The checkpoint lacks one.</exception>
    /// <exception cref="PatchMismatchException">Two names of the patch are one tensor here.</exception>
    public static PatchTarget[] Find(TicketPatch patch, Checkpoint checkpoint)
    {
        PatchTarget[] targets = [.. patch.Tensors.Select(t => new PatchTarget(t, checkpoint.GetTensor(t.Name)))];
        if (targets.GroupBy(t => t.Tensor).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new PatchMismatchException(same.Key.File.Path, $"{checkpoint.Path}: "
                + $"{string.Join(" and ", same.Select(t => CheckpointFormatException.Quote(t.Patched.Name)))} are one tensor in it, and "
                + $"two in the patch {patch.Path}. Take the base that the patch was made from.");
        return targets;
    }

    /// <summary>What became of the tensor.</summary>
    public PatchedTensorResult Describe(string fingerprint) =>
        new(Tensor.Name, Path.GetFileName(Tensor.File.Path), Patched.Mask, Patched.Payload, fingerprint);
}

/// <summary>A tensor that gets the values of one side of a patch.</summary>
internal sealed record PatchedSide(PatchTarget Target, PatchSide Side) : IRewrittenTensor
{
    public Tensor Tensor => Target.Tensor;

    public IElementRewriter NewRewriter() => new PatchRewriter(Target.Patched, Side);
}
