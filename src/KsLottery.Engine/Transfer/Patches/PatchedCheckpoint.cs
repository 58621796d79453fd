using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>A base with a patch in place; nothing is written: changed tensors are computed as they are read, as
/// <see cref="PatchApplication.Apply"/> would write them.</summary>
public sealed class PatchedCheckpoint : IDisposable
{
    private readonly TicketPatch _patch;

    private PatchedCheckpoint(Checkpoint baseModel, TicketPatch patch, CancellationToken cancellationToken)
    {
        (Base, _patch) = (baseModel, patch);
        PatchTarget[] targets = PatchTarget.Find(patch, baseModel);
        foreach ((PatchedTensor patched, Tensor tensor) in targets)
        {
            PatchFit.ThrowIfNotBase(patch, patched, tensor, cancellationToken);
            if (PatchFit.FindNonFinite(patched, tensor, cancellationToken) is { Count: > 0 } nonFinite)
                throw PatchFit.NonFinite(patched, nonFinite);
        }
        Dictionary<Tensor, Tensor> changed = targets.ToDictionary(t => t.Tensor, t => new PatchedElements(t).ToTensor());
        Checkpoint = Checkpoint.Patched(baseModel.Path, [.. baseModel.Tensors.Select(t => changed.GetValueOrDefault(t, t))],
            baseModel.Config);
        Notes = [.. patch.Notes, .. PatchNotes.AboutTying(baseModel, changed.Keys, patch)];
    }

    /// <summary>The base.</summary>
    public Checkpoint Base { get; }

    /// <summary>The result, which is read like any checkpoint; its path is the base's.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>What a reader should know of it, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Puts a patch in place.</summary>
    /// <param name="baseModel">The base, which must outlive the result.</param>
    /// <param name="path">The patch, or its folder.</param>
    /// <param name="options">How to read the patch; mapped into memory by default.</param>
    /// <param name="cancellationToken">Stops while the base is compared.</param>
    /// <exception cref="PatchMismatchException">The base is not the one that the patch was made for, in any byte of a tensor.</exception>
    /// <exception cref="NotFiniteNumberException">A value would be a NaN or an infinity, with which no model works.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of a name that the patch gives.</exception>
    /// <exception cref="CheckpointFormatException">The patch is damaged.</exception>
    /// <exception cref="IOException">The patch cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static PatchedCheckpoint Open(Checkpoint baseModel, string path, CheckpointOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        TicketPatch patch = TicketPatch.Open(path, options);
        try
        {
            return new(baseModel, patch, cancellationToken);
        }
        catch
        {
            patch.Dispose();
            throw;
        }
    }

    /// <summary>Releases the patch; the base stays open.</summary>
    public void Dispose() => _patch.Dispose();
}
