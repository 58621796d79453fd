namespace KsLottery.Engine.Ranks;

/// <summary>Bytes of which only the holder knows how many there are.</summary>
internal static class RankBlobs
{
    /// <summary>Brings what each rank holds to rank 0; collective.</summary>
    /// <returns>On rank 0 the bytes by rank; on others nothing.</returns>
    public static byte[][] Gather(RankGroup ranks, byte[] mine)
    {
        long[] lengths = new long[ranks.Size];
        lengths[ranks.Rank] = mine.Length;
        ranks.Sum(lengths);
        byte[] all = new byte[ranks.Rank == 0 ? checked((int)lengths.Sum()) : 0];
        ranks.Gather(mine, lengths, all);
        if (ranks.Rank != 0) return [];
        byte[][] each = new byte[ranks.Size][];
        for (int rank = 0, at = 0; rank < each.Length; at += each[rank++].Length) each[rank] = all[at..(at + (int)lengths[rank])];
        return each;
    }

    /// <summary>Gives all ranks what rank 0 holds; collective.</summary>
    public static byte[] Broadcast(RankGroup ranks, byte[] bytes)
    {
        long[] length = [ranks.Rank == 0 ? bytes.Length : 0];
        ranks.Sum(length);
        byte[] told = ranks.Rank == 0 ? bytes : new byte[length[0]];
        ranks.Broadcast(told);
        return told;
    }
}
