using System.Numerics;

namespace KsLottery.Engine.Training;

/// <summary>Micro-batches of a step that one rank adds up alone, a node of the tree that <see cref="GradientSum"/> says.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The one behind the last.</param>
internal readonly record struct MicroBatchBlock(int Start, int End);

/// <summary>Which micro-batches of a step each rank computes, and in which order the sums that it hands on are added.</summary>
/// <remarks>
/// No rank has more than ⌈n/R⌉ of n micro-batches; whoever comes last may have none. The ranks' ranges lie one behind the other and are cut
/// at the roundest numbers that this leaves, so that each is made of few blocks: of one where n/R is a power of two.
/// </remarks>
internal sealed class MicroBatchDeal
{
    private readonly MicroBatchBlock[][] _byRank;
    private readonly List<(int Into, int From)> _joins = [];

    /// <param name="count">n, at least 1.</param>
    /// <param name="ranks">R, at least 1.</param>
    public MicroBatchDeal(int count, int ranks)
    {
        Count = count;
        _byRank = new MicroBatchBlock[ranks][];
        int most = ((count - 1) / ranks) + 1, start = 0;
        for (int rank = 0; rank < ranks; rank++)
        {
            int end = Math.Min(start + most, count), earliest = Math.Max(start + 1, count - ((ranks - 1 - rank) * most));
            while ((end & (end - 1)) >= earliest) end &= end - 1;
            _byRank[rank] = [.. Cut(start, end)];
            start = end;
        }
        Blocks = [.. _byRank.SelectMany(blocks => blocks)];
        Join(0, (int)BitOperations.RoundUpToPowerOf2((uint)count));
    }

    /// <summary>n.</summary>
    public int Count { get; }

    /// <summary>R.</summary>
    public int RankCount => _byRank.Length;

    /// <summary>All blocks, in the order of their micro-batches and so of ranks.</summary>
    public IReadOnlyList<MicroBatchBlock> Blocks { get; }

    /// <summary>What is added to what, by the blocks' numbers, one after the other; the first block's sum is that of all then.</summary>
    public IReadOnlyList<(int Into, int From)> Joins => _joins;

    /// <summary>How many ranks have no micro-batch.</summary>
    public int IdleRanks => _byRank.Count(blocks => blocks.Length == 0);

    /// <summary>The most gradients that wait at once on one rank, beside the one that the model fills.</summary>
    public int Waiting => _byRank.Max(blocks => blocks.Select((block, i) => i + GradientSum.LevelsOf(block.End - block.Start))
        .DefaultIfEmpty().Max());

    /// <summary>The most blocks of one rank.</summary>
    public int MostBlocks => _byRank.Max(blocks => blocks.Length);

    /// <summary>What a rank computes, ascending.</summary>
    public IReadOnlyList<MicroBatchBlock> Of(int rank) => _byRank[rank];

    private IEnumerable<MicroBatchBlock> Cut(int start, int end)
    {
        while (start < end)
        {
            int size = 1;
            // The tree's last nodes are cut short.
            while (start % (2 * size) == 0 && size < end - start && Math.Min(start + (2 * size), Count) <= end) size *= 2;
            int stop = Math.Min(start + size, end);
            yield return new(start, stop);
            start = stop;
        }
    }

    /// <summary>Adds up a node of the tree; returns the block that has its sum.</summary>
    private int Join(int start, int size)
    {
        int own = Blocks.TakeWhile(block => block.Start != start).Count(), half = size / 2;
        if (Blocks[own].End >= Math.Min(start + size, Count)) return own;
        int into = Join(start, half);
        if (start + half < Count) _joins.Add((into, Join(start + half, half)));
        return into;
    }
}
