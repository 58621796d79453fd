using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>A checkpoint and patches of it, open for reading.</summary>
internal sealed class OpenedPatches : IDisposable
{
    private readonly TicketPatch?[] _patches;
    private readonly CancellationTokenSource _stop = new();
    private Task _check = Task.CompletedTask;

    /// <param name="checkpointPath">A file, a folder or an index.</param>
    /// <param name="patchPaths">The patches, or their folders.</param>
    /// <param name="options">How to read all of them.</param>
    /// <param name="checksLater">Whether the patches' checksums are left to <see cref="Check"/>.</param>
    public OpenedPatches(string checkpointPath, IReadOnlyList<string> patchPaths, CheckpointOptions? options, bool checksLater)
    {
        if (patchPaths.Count == 0) throw new ArgumentException("there is no patch to merge. Name one or several.", nameof(patchPaths));
        _patches = new TicketPatch?[patchPaths.Count];
        try
        {
            SideBySide.ForEach(patchPaths.Index(), threads: 0,
                p => _patches[p.Index] = TicketPatch.Open(p.Item, options, checksLater, leavesUnits: true), default);
            foreach (TicketPatch patch in Patches)
                foreach (PatchedTensor tensor in patch.Tensors) ThrowIfNoChange(patch, tensor);
            Base = Checkpoint.Open(checkpointPath, options);
        }
        catch
        {
            try
            {
                ThrowIfDamaged();
            }
            finally
            {
                Dispose();
            }
            throw;
        }
    }

    public Checkpoint Base { get; }

    public IReadOnlyList<TicketPatch> Patches => _patches!;

    /// <summary>The tensors that any patch changes, in the order of the checkpoint.</summary>
    /// <exception cref="KeyNotFoundException">The checkpoint lacks one.</exception>
    /// <exception cref="PatchMismatchException">Two names of a patch are one tensor here.</exception>
    public MergedTensor[] Find() => [.. Patches
        .SelectMany((patch, i) => PatchTarget.Find(patch, Base).Select(target => (target.Tensor, Entry: (i, patch, target.Patched))))
        .GroupBy(p => p.Tensor, p => p.Entry).Select(g => new MergedTensor(g.Key, [.. g]))];

    /// <summary>Compares the checksums that were left for later, beside other work; ends with the fault of a patch that is damaged.
    /// </summary>
    public Task Check() => _check = Task.WhenAll(Patches.Select(patch => Task.Factory.StartNew(() => patch.ThrowIfDamaged(_stop.Token),
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

    /// <summary>The same at once: what a damaged patch led to is not worth telling.</summary>
    /// <exception cref="CheckpointFormatException">A patch is damaged.</exception>
    public void ThrowIfDamaged()
    {
        Task.WhenAny(_check).GetAwaiter().GetResult();
        foreach (TicketPatch? patch in _patches) patch?.ThrowIfDamaged();
    }

    public void Dispose()
    {
        _stop.Cancel();
        Task.WhenAny(_check).GetAwaiter().GetResult();
        _stop.Dispose();
        foreach (TicketPatch? patch in _patches) patch?.Dispose();
        Base?.Dispose();
    }

    private static void ThrowIfNoChange(TicketPatch patch, PatchedTensor tensor)
    {
        if (!PatchChanges.Reads(tensor.Payload))
            throw new NotSupportedException($"{patch.Path}: the patch is to {tensor.Payload.ToName()} {tensor.UnitsInWords} of "
                + $"{CheckpointFormatException.Quote(tensor.Name)}, which says what remains and has no change to add. Merge patches with "
                + "the payload replace or delta, and apply this one afterwards.");
        if (tensor.BaseElementType is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
            throw new NotSupportedException($"{patch.Path}: {CheckpointFormatException.Quote(tensor.Name)} is {tensor.BaseForm}; values of "
                + "F32, F16 and BF16 are merged. Convert the checkpoints, and find the tickets again.");
    }
}
