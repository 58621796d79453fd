namespace KsLottery.Engine.Corpora;

/// <summary>Encoded samples, and how many did not come through whole.</summary>
/// <param name="Samples">The samples, in the order of their pairs.</param>
/// <param name="SkippedCount">The number of pairs left out because they were too long.</param>
/// <param name="TruncatedCount">The number of samples that were cut.</param>
public sealed record SampleSet(IReadOnlyList<TrainingSample> Samples, int SkippedCount, int TruncatedCount)
{
    /// <summary>The samples as batches take them.</summary>
    public TokenSequence[] Sequences => [.. Samples.Select(sample => sample.Sequence)];
}
