using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Puts the changes of several patches into one base, and takes them out again.</summary>
/// <remarks>
/// <para>
/// The formulas stand at <see cref="MergeMethod"/>. dᵢ is what patch i adds to an element: its difference, or its value less the base's;
/// an element that it leaves alone has none. All is computed in F32 and stored in the base's type, rounded to nearest, ties to even;
/// elements that no patch changes keep their bytes.
/// </para>
/// <para>
/// Patches that say what remains (keep, drop, sign, share) have no change to add and are refused: apply them one after another. The result
/// is a folder as <see cref="PatchApplication"/> writes it, and appears whole or not at all. Work that was broken off goes on where a
/// shard was finished, when the same is asked for again.
/// </para>
/// </remarks>
public static class PatchMerging
{
    /// <summary>Merges.</summary>
    /// <param name="basePath">The base: a file, a folder or an index; never written to.</param>
    /// <param name="patchPaths">The patches, or the folders that they lie in, in their order.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="recipe">How.</param>
    /// <param name="options">How to read the inputs, and what may be written.</param>
    /// <param name="beforeWriting">Told how the patches lie over each other before anything is written; without it that is counted while
    /// they are merged, and patches and base are read once.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; finished shards stay for the next try.</param>
    /// <exception cref="ArgumentException">The recipe does not fit the patches.</exception>
    /// <exception cref="NotSupportedException">A patch has no change to add, or a tensor holds codes.</exception>
    /// <exception cref="PatchMismatchException">The base is not the one that a patch was made for.</exception>
    /// <exception cref="NotFiniteNumberException">A merged value would be a NaN or an infinity, and nobody asked for it.</exception>
    /// <exception cref="CheckpointFormatException">Checkpoint or patch cannot be read.</exception>
    /// <exception cref="KeyNotFoundException">The base has no tensor of a name that a patch gives.</exception>
    /// <exception cref="IOException">The output is an input, a file, or a folder with content, or cannot be written; or the disk is too
    /// full.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static MergeResult Merge(string basePath, IReadOnlyList<string> patchPaths, string outDirectory, MergeRecipe recipe,
        PatchOptions? options = null, Action<MergeOverlap>? beforeWriting = null, IProgress<PatchProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        options ??= new();
        recipe.ThrowIfUnfit(patchPaths.Count);
        using OpenedPatches opened = new(basePath, patchPaths, options.Reading, checksLater: true);
        try
        {
            return MergeOpened(opened, basePath, patchPaths, outDirectory, recipe, options, beforeWriting, progress, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            opened.ThrowIfDamaged();
            throw;
        }
    }

    private static MergeResult MergeOpened(OpenedPatches opened, string basePath, IReadOnlyList<string> patchPaths, string outDirectory,
        MergeRecipe recipe, PatchOptions options, Action<MergeOverlap>? beforeWriting, IProgress<PatchProgress>? progress,
        CancellationToken cancellationToken)
    {
        using StagedFolder folder = StagedFolder.Resume(outDirectory, NameOf(opened, recipe, options), [basePath, .. patchPaths]);
        MergedTensor[] tensors = opened.Find();
        foreach (MergedTensor merged in tensors) merged.ThrowIfPlainlyNotBase(cancellationToken);
        // Whatever is written anew is compared with the patches' base meanwhile.
        HashSet<string> finished = [.. folder.Finished];
        bool IsFinished(MergedTensor merged) => finished.Contains(Path.GetFileName(merged.Tensor.File.Path));
        SideBySide.ForEach(tensors.Where(IsFinished), threads: 0, merged => merged.ThrowIfNotBase(cancellationToken), cancellationToken);
        SideBySide.ForEach(tensors, threads: 0, merged => merged.Trim(recipe), cancellationToken);
        // Where nobody waits for it, it is counted while windows are merged.
        OverlapTally tally = new(patchPaths.Count);
        bool isCountedFirst = beforeWriting is not null;
        Count(tensors.Where(t => isCountedFirst || IsFinished(t)), tally, cancellationToken);
        MergeOverlap? overlap = isCountedFirst ? tally.ToOverlap() : null;
        if (overlap is not null) beforeWriting!(overlap);
        int majority = recipe.ZeroSum == ZeroSumRule.Majority ? FindMajority(tensors, recipe, patchPaths.Count, cancellationToken) : 0;
        foreach (MergedTensor merged in tensors)
            merged.Prepare(recipe, patchPaths.Count, majority, options.AllowsNonFinite, isCountedFirst ? null : tally);
        // The checksums of the patches are taken while the disk is waited for.
        MergeResult result = RewriteChecked(opened.Base, tensors, folder, opened.Check(), progress, cancellationToken);
        folder.Commit(cancellationToken);
        return result with
        {
            Overlap = overlap ?? tally.ToOverlap(),
            Notes = [.. opened.Patches.SelectMany(p => p.Notes),
                .. opened.Patches.SelectMany(p => PatchNotes.AboutTying(opened.Base, tensors.Select(t => t.Tensor), p)).Distinct(),
                .. result.Notes],
        };
    }

    /// <summary>Takes the patches that were merged out again: their tensors have the base's exact bytes.</summary>
    /// <remarks>The patches know the base's values of all elements that they change, whatever the recipe made of them; that all else is the
    /// base's too is seen from its fingerprints.</remarks>
    /// <param name="mergedPath">The checkpoint that <see cref="Merge"/> wrote; never written to.</param>
    /// <param name="patchPaths">The patches, in any order.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="options">How to read the inputs; mapped into memory by default.</param>
    /// <param name="progress">Reports every 16 MiB written.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="PatchMismatchException">A tensor does not become the base's: other elements changed, or a patch is missing.
    /// </exception>
    /// <inheritdoc cref="Merge" path="/exception[not(contains(@cref,'PatchMismatch') or contains(@cref,'NotFinite'))]"/>
    public static MergeResult Revert(string mergedPath, IReadOnlyList<string> patchPaths, string outDirectory,
        CheckpointOptions? options = null, IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using OpenedPatches opened = new(mergedPath, patchPaths, options, checksLater: false);
        using StagedFolder folder = new(outDirectory, [mergedPath, .. patchPaths]);
        MergedTensor[] tensors = opened.Find();
        foreach ((MergedTensor merged, TicketPatch file, PatchedTensor patched) in tensors.SelectMany(m => m.Patches
            .Select(p => (m, p.File, p.Patched))))
            PatchFit.ThrowIfOtherForm(file, patched, merged.Tensor);
        MergeResult result = Rewrite(opened.Base, [.. tensors.Select(t => new RestoredTensor(t))], folder, isReadBack: true,
            Task.CompletedTask, progress, cancellationToken);
        foreach (MergedTensor merged in tensors)
        {
            (_, TicketPatch file, PatchedTensor patched) = merged.Patches[0];
            PatchFit.ThrowIfNotRestored(file, patched, merged.Tensor, PatchApplication.ReadFingerprint(
                Path.Combine(folder.Staging, Path.GetFileName(merged.Tensor.File.Path)), merged.Tensor.Name, patched.BaseFingerprint,
                cancellationToken));
        }
        folder.Commit(cancellationToken);
        return result with { Notes = [.. opened.Patches.SelectMany(p => p.Notes), .. result.Notes] };
    }

    private static void Count(IEnumerable<MergedTensor> tensors, OverlapTally tally, CancellationToken cancellationToken) =>
        SideBySide.ForEach(tensors, threads: 0, merged =>
        {
            OverlapCounter counter = tally.Take();
            merged.Count(counter, cancellationToken);
            tally.Return(counter);
        }, cancellationToken);

    private static int FindMajority(MergedTensor[] tensors, MergeRecipe recipe, int patchCount, CancellationToken cancellationToken)
    {
        long sum = 0;
        SideBySide.ForEach(tensors, threads: 0, merged => Interlocked.Add(ref sum, merged.SumSigns(recipe, patchCount, cancellationToken)),
            cancellationToken);
        return Math.Sign(sum);
    }

    /// <summary>Rewrites tensors that are known as the patches' base only when they came by; of another base nothing is left.</summary>
    private static MergeResult RewriteChecked(Checkpoint checkpoint, MergedTensor[] tensors, StagedFolder folder, Task check,
        IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return Rewrite(checkpoint, tensors, folder, isReadBack: false, check, progress, cancellationToken);
        }
        catch (Exception fault) when (fault is NotFiniteNumberException or PatchMismatchException)
        {
            folder.Abandon();
            // Of another base anything may come out, and that is what should be told of.
            SideBySide.ForEach(tensors, threads: 0, merged => merged.ThrowIfNotBase(cancellationToken), cancellationToken);
            throw;
        }
    }

    private static MergeResult Rewrite(Checkpoint checkpoint, IReadOnlyList<IRewrittenTensor> tensors, StagedFolder folder,
        bool isReadBack, Task check, IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
    {
        HashSet<string> finished = [.. folder.Finished], written = [.. tensors.Select(t => Path.GetFileName(t.Tensor.File.Path))];
        RoundingLoss loss = RoundingLoss.Sum(ShardCopy.Write(tensors, folder, isReadBack, check, progress, cancellationToken)
            .Select(w => w.Loss));
        check.GetAwaiter().GetResult();
        CarriedFiles carried = CarriedFiles.CarryOthers(checkpoint, written, folder.Staging, cancellationToken);
        return new()
        {
            OutputPath = folder.GivenPath,
            Tensors = [.. tensors.Select(t => t.Tensor.Name)],
            WrittenFiles = [.. written],
            ResumedFiles = [.. written.Where(finished.Contains)],
            InexactValues = loss.Inexact,
            OverflowedValues = loss.Overflowed,
            IsTied = checkpoint.IsTied,
            LinkedFiles = carried.Linked,
            CopiedFiles = carried.Copied,
            Notes = [.. checkpoint.Notes, .. PatchNotes.AboutOtherWeights(carried)],
        };
    }

    /// <summary>A name of the work: what the patches say of the base and of themselves, and the recipe.</summary>
    private static string NameOf(OpenedPatches opened, MergeRecipe recipe, PatchOptions options)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture,
            $"{recipe with { Weights = [] }} {string.Join(' ', recipe.Weights)} {options.AllowsNonFinite}");
        foreach (TicketPatch patch in opened.Patches)
        {
            // The checksum is there already, and says more.
            text.Append('\n').Append(patch.Checksum ?? patch.Mask.TakeFingerprint());
            foreach (PatchedTensor tensor in patch.Tensors)
                text.Append(CultureInfo.InvariantCulture,
                    $"\n{tensor.Name} {tensor.Payload} {tensor.BaseFingerprint} {tensor.TunedFingerprint}");
        }
        return WorkName.Of("merge", opened.Base, text.ToString());
    }
}
