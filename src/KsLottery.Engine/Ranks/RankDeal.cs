using System.Text;

namespace KsLottery.Engine.Ranks;

/// <summary>Works of which each is one rank's: the same deal on all ranks, so that nobody asks whose a work is.</summary>
/// <param name="ranks">The ranks.</param>
/// <param name="sizes">How large each work is.</param>
internal sealed class RankDeal(RankGroup ranks, IReadOnlyList<long> sizes)
{
    private readonly int[] _owners = Deal(sizes, ranks.Size);

    /// <summary>This rank's works, ascending.</summary>
    public IEnumerable<int> Own => Enumerable.Range(0, _owners.Length).Where(work => _owners[work] == ranks.Rank);

    /// <summary>The largest first, each to the rank that has the least so far.</summary>
    public static int[] Deal(IReadOnlyList<long> sizes, int ranks)
    {
        int[] owners = new int[sizes.Count];
        long[] loads = new long[ranks];
        foreach (int work in Enumerable.Range(0, owners.Length).OrderByDescending(work => sizes[work]))
        {
            owners[work] = Array.IndexOf(loads, loads.Min());
            loads[owners[work]] += sizes[work];
        }
        return owners;
    }

    /// <summary>Brings what all ranks found of their works to rank 0; collective.</summary>
    /// <param name="found">What this rank found, at its own works; filled up on rank 0.</param>
    /// <param name="write">Writes what was found of one work.</param>
    /// <param name="read">Reads it.</param>
    public void Collect<T>(T[] found, Action<BinaryWriter, T> write, Func<BinaryReader, T> read)
    {
        if (ranks.Size == 1) return;
        using MemoryStream bytes = new();
        using (BinaryWriter writer = new(bytes, Encoding.UTF8, leaveOpen: true))
            foreach (int work in Own) write(writer, found[work]);
        byte[][] all = RankBlobs.Gather(ranks, bytes.ToArray());
        for (int rank = 1; rank < all.Length; rank++)
        {
            using BinaryReader reader = new(new MemoryStream(all[rank]), Encoding.UTF8);
            for (int work = 0; work < found.Length; work++)
                if (_owners[work] == rank) found[work] = read(reader);
        }
    }
}
