namespace KsLottery.Engine.Training;

/// <summary>One exchange of values that learn in a matrix for others.</summary>
/// <param name="Places">Which elements learn from then on, ascending; as many as before.</param>
/// <param name="From">Where each stood among those before, -1 where it is new.</param>
internal sealed record Exchange(int[] Places, int[] From)
{
    /// <summary>Gives back the values nearest to the base, and takes candidates with the largest scores.</summary>
    /// <remarks>Of values equally near the later goes, of candidates with equal scores the earlier comes. What goes may come back, and
    /// has not moved then. Where there are too few candidates fewer go.</remarks>
    /// <param name="places">Which elements learn, ascending.</param>
    /// <param name="changes">By how much each was changed.</param>
    /// <param name="candidates">Elements, ascending.</param>
    /// <param name="scores">How much each wants to come, by magnitude.</param>
    /// <param name="count">How many go.</param>
    public static Exchange Choose(int[] places, ReadOnlySpan<float> changes, int[] candidates, ReadOnlySpan<float> scores, int count)
    {
        bool[] stays = new bool[places.Length];
        foreach (int i in LargestValues.Find(changes, places.Length - count)) stays[i] = true;
        (int Candidate, int Before)[] pool = [.. candidates.Select((place, c) => (c, Array.BinarySearch(places, place)))
            .Where(c => c.Item2 < 0 || !stays[c.Item2])];
        float[] wishes = new float[pool.Length];
        for (int i = 0; i < pool.Length; i++) wishes[i] = scores[pool[i].Candidate];
        List<int> born = [];
        foreach (int i in LargestValues.Find(wishes, Math.Min(count, pool.Length)))
            if (pool[i].Before >= 0) stays[pool[i].Before] = true;
            else born.Add(candidates[pool[i].Candidate]);
        int[] gone = [.. Enumerable.Range(0, places.Length).Where(i => !stays[i])];
        float[] moved = new float[gone.Length];
        for (int i = 0; i < gone.Length; i++) moved[i] = changes[gone[i]];
        foreach (int i in LargestValues.Find(moved, gone.Length - born.Count)) stays[gone[i]] = true;
        return Merge(places, stays, born);
    }

    private static Exchange Merge(int[] places, bool[] stays, List<int> born)
    {
        int[] all = new int[places.Length], from = new int[places.Length];
        for (int i = 0, b = 0, next = 0; next < all.Length; i++)
        {
            for (; b < born.Count && (i == places.Length || born[b] < places[i]); b++) (all[next], from[next++]) = (born[b], -1);
            if (i < places.Length && stays[i]) (all[next], from[next++]) = (places[i], i);
        }
        return new(all, from);
    }
}
