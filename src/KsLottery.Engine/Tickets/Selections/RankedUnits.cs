using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The best units of several tensors whose scores are kept.</summary>
internal static class RankedUnits
{
    /// <summary>How many units may be chosen from: all that are not excluded, with a score or not.</summary>
    public static long CountOf(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        scores.Index().Sum(s => s.Item.Values.Length - (excluded[s.Index]?.Count ?? 0));

    /// <summary>The best units, by score, second score, tensor and index; fewer where fewer have a score.</summary>
    public static IReadOnlyList<IndexSet> Top(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded, long count)
    {
        List<(double Score, double Second, int Tensor, int Unit)> candidates = [];
        for (int t = 0; t < scores.Count; t++)
            foreach (int unit in Candidates(scores[t], excluded[t]))
                candidates.Add((scores[t].Values[unit], scores[t].Second?[unit] ?? 0, t, unit));
        candidates.Sort((a, b) =>
        {
            int order = b.Score.CompareTo(a.Score);
            if (order == 0) order = b.Second.CompareTo(a.Second);
            if (order == 0) order = a.Tensor.CompareTo(b.Tensor);
            return order != 0 ? order : a.Unit.CompareTo(b.Unit);
        });
        ILookup<int, long> winners = candidates.Take((int)Math.Min(count, candidates.Count)).ToLookup(c => c.Tensor, c => (long)c.Unit);
        return [.. scores.Select((s, t) => IndexSet.Of(s.Values.Length, winners[t].Order()))];
    }

    /// <summary>The units of a tensor that may win, ascending.</summary>
    public static IEnumerable<int> Candidates(UnitScores scores, IndexSet? excluded) =>
        Enumerable.Range(0, scores.Values.Length).Where(unit => scores.IsCandidate(unit) && excluded?.Contains(unit) != true);
}
