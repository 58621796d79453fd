using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Rows;

/// <summary>The hashes of the blocks of two matrices, which a scan takes as their rows come by.</summary>
/// <param name="Base">Those of the base.</param>
/// <param name="Tuned">Those of the tuned matrix.</param>
internal sealed record PairBlocks(FingerprintBlocks Base, FingerprintBlocks Tuned)
{
    /// <summary>Takes what no row test brought by: all other blocks that begin in the rows of both.</summary>
    public void TakeMissing(RowMatrix before, RowMatrix after, int threads, CancellationToken cancellationToken)
    {
        Base.TakeMissing(before.StoredStartOf(0), before.StoredStartOf(before.RowCount), threads, cancellationToken);
        Tuned.TakeMissing(after.StoredStartOf(0), after.StoredStartOf(after.RowCount), threads, cancellationToken);
    }
}
