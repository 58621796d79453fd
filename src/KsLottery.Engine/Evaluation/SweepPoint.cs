namespace KsLottery.Engine.Evaluation;

/// <summary>What a model is worth at one sparsity.</summary>
/// <param name="Sparsity">The part of the scope's weights that is pruned, as the decimal that was asked for.</param>
/// <param name="Kept">How many are left.</param>
/// <param name="Loss">The mean loss of a token, in nats.</param>
/// <param name="Score">A score of what the model writes, of which more is better; NaN where it wrote nothing.</param>
public sealed record SweepPoint(decimal Sparsity, long Kept, double Loss, double Score);

/// <summary>Up to where pruning is all but free.</summary>
/// <remarks>
/// Essential sparsity (Jaiswal et al., NeurIPS 2023) is the largest sparsity at which a model is within 1 % of the dense one, and from
/// which a small step more takes it beyond. Of points that were measured it is the last one before the first that is beyond.
/// </remarks>
/// <param name="Sparsity">The largest sparsity up to which every point is within the tolerance.</param>
/// <param name="IsReached">Whether a point beyond the tolerance follows; else the knee lies at this sparsity or above.</param>
public sealed record SweepKnee(decimal Sparsity, bool IsReached)
{
    /// <summary>The knee of the loss: within the tolerance is at most dense · (1 + tolerance).</summary>
    /// <param name="points">Ascending sparsities from 0 on.</param>
    /// <param name="tolerance">How much more is still within it, 0.01 in the paper.</param>
    /// <returns>Null where there is no dense point.</returns>
    public static SweepKnee? OfLoss(IReadOnlyList<SweepPoint> points, double tolerance = 0.01)
    {
        ArgumentNullException.ThrowIfNull(points);
        return Of(points, dense => point => point.Loss <= dense.Loss * (1 + tolerance));
    }

    /// <summary>The knee of the score: within the tolerance is at least dense · (1 - tolerance).</summary>
    /// <returns>Null where there is no dense point, none has a score, or the dense one's is 0, of which nothing can be lost.</returns>
    /// <inheritdoc cref="OfLoss" path="/param"/>
    public static SweepKnee? OfScore(IReadOnlyList<SweepPoint> points, double tolerance = 0.01)
    {
        ArgumentNullException.ThrowIfNull(points);
        return points is [{ Score: 0 }, ..] || points.All(p => double.IsNaN(p.Score)) ? null
            : Of(points, dense => point => point.Score >= dense.Score * (1 - tolerance));
    }

    private static SweepKnee? Of(IReadOnlyList<SweepPoint> points, Func<SweepPoint, Func<SweepPoint, bool>> isWithin)
    {
        if (points is not [{ Sparsity: 0 } dense, ..]) return null;
        // A NaN is not within, wherever it stands.
        SweepPoint[] within = [.. points.Skip(1).TakeWhile(isWithin(dense))];
        return new(within.LastOrDefault(dense).Sparsity, within.Length + 1 < points.Count);
    }
}
