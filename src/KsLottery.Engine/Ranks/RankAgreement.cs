using System.Text;

namespace KsLottery.Engine.Ranks;

/// <summary>Whether all ranks have the same: version, arguments, inputs.</summary>
public static class RankAgreement
{
    /// <summary>Ends the work of all ranks where one holds another value; collective.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="values">What is compared, and its value on this rank: of as many on all.</param>
    /// <exception cref="RanksDifferException">Two ranks differ; on all ranks, with one message.</exception>
    public static void ThrowIfDifferent(RankGroup ranks, params IReadOnlyList<(string What, string Value)> values)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(values);
        if (ranks.Size == 1) return;
        byte[][] all = RankBlobs.Gather(ranks, Encoding.UTF8.GetBytes(string.Join('\0', values.Select(value => value.Value))));
        string verdict = ranks.Rank == 0 ? Compare(ranks, [.. values.Select(value => value.What)],
            [.. all.Select(bytes => Encoding.UTF8.GetString(bytes).Split('\0'))]) : "";
        verdict = Encoding.UTF8.GetString(RankBlobs.Broadcast(ranks, Encoding.UTF8.GetBytes(verdict)));
        if (verdict.Length > 0) throw new RanksDifferException(verdict);
    }

    private static string Compare(RankGroup ranks, string[] whats, string[][] values)
    {
        for (int i = 0; i < whats.Length; i++)
            for (int rank = 1; rank < values.Length; rank++)
                if (values[rank].ElementAtOrDefault(i) != values[0][i])
                    return $"{whats[i]} differs between ranks: {ranks.NameOf(0)} has {values[0][i]}, {ranks.NameOf(rank)} has "
                        + $"{values[rank].ElementAtOrDefault(i)}. Give all ranks the same.";
        return "";
    }
}
