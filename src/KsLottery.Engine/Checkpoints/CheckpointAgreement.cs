using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Whether all ranks opened checkpoints of one content, though none reads all of it.</summary>
/// <remarks>
/// Names, types, shapes and the ends of every tensor are compared. Files of one length and one time of change are then taken for one
/// file, or copies that keep times (<c>cp -p</c>, <c>rsync -t</c>); where a time or a length differs, every rank hashes all tensors, for
/// a tuned model may differ from its base in a few rows alone.
/// </remarks>
internal static class CheckpointAgreement
{
    /// <summary>Ends the work of all ranks where one opened another content; collective.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="checkpoints">What this rank opened: as many on all.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    /// <exception cref="RanksDifferException">Two ranks differ; names both.</exception>
    public static void ThrowIfDifferent(
        RankGroup ranks, IReadOnlyList<Checkpoint> checkpoints, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(checkpoints);
        if (ranks.Size == 1) return;
        RankAgreement.ThrowIfDifferent(ranks, [.. checkpoints.Select(checkpoint =>
            ($"the content of {checkpoint.Path} (the ends of its tensors)", ContentSketch.Of(checkpoint)))]);
        if (AreOfOneTime(ranks, checkpoints)) return;
        RankAgreement.ThrowIfDifferent(ranks, [.. checkpoints.SelectMany(checkpoint => checkpoint.Tensors
            .OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(tensor => ($"{checkpoint.Path}, tensor {tensor.Name}",
                Fingerprint.OfTensor(tensor, FingerprintKind.Tree, cancellationToken))))]);
    }

    private static bool AreOfOneTime(RankGroup ranks, IReadOnlyList<Checkpoint> checkpoints)
    {
        long[] ends = [.. checkpoints.SelectMany(checkpoint => checkpoint.Tensors.Select(tensor => tensor.File.Path).Distinct()
            .Order(StringComparer.Ordinal).Select(path => new FileInfo(path))
            .SelectMany(file => (long[])[file.Length, -file.Length, file.LastWriteTimeUtc.Ticks, -file.LastWriteTimeUtc.Ticks]))];
        ranks.Max(ends);
        return Enumerable.Range(0, ends.Length / 2).All(i => ends[2 * i] == -ends[(2 * i) + 1]);
    }
}
