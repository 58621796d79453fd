using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Training;

/// <summary>Who computes which micro-batches, and how what they hand on is added up.</summary>
public sealed class MicroBatchDealTests
{
    /// <summary>Sums are written as texts, so that their order shows.</summary>
    [Test]
    public void Blocks_are_nodes_of_the_tree_and_join_to_its_root()
    {
        for (int count = 1; count <= 70; count++)
            for (int ranks = 1; ranks <= 9; ranks++)
            {
                MicroBatchDeal deal = new(count, ranks);
                MicroBatchBlock[] all = [.. Enumerable.Range(0, ranks).SelectMany(deal.Of)];
                Assert.That(all, Is.EqualTo(deal.Blocks));
                Assert.That(all.Select(b => b.Start), Is.EqualTo(all.Select(b => b.End).Prepend(0).SkipLast(1)), "one behind the other");
                Assert.That(all[^1].End, Is.EqualTo(count));
                int most = Enumerable.Range(0, ranks).Max(rank => deal.Of(rank).Sum(b => b.End - b.Start));
                Assert.That(most, Is.EqualTo((count + ranks - 1) / ranks), $"{count} for {ranks}");
                string[] sums = [.. all.Select(b => Tree(b.Start, b.End))];
                foreach ((int into, int from) in deal.Joins) sums[into] = $"({sums[into]}+{sums[from]})";
                Assert.That(sums[0], Is.EqualTo(Tree(0, count)), $"{count} for {ranks}");
            }
    }

    [TestCase(8, 1, "0-8")]
    [TestCase(8, 2, "0-4 4-8")]
    [TestCase(8, 4, "0-2 2-4 4-6 6-8")]
    [TestCase(12, 3, "0-4 4-8 8-12")]
    [TestCase(19, 2, "0-8 8-10 10-12 12-16 16-19")]
    [TestCase(4, 3, "0-2 2-4")]
    [TestCase(3, 5, "0-1 1-2 2-3")]
    public void A_rank_has_one_block_where_that_can_be(int count, int ranks, string blocks) =>
        Assert.That(string.Join(' ', new MicroBatchDeal(count, ranks).Blocks.Select(b => $"{b.Start}-{b.End}")), Is.EqualTo(blocks));

    [TestCase(8, 1, 3)]
    [TestCase(8, 4, 1)]
    [TestCase(8, 8, 0)]
    [TestCase(19, 2, 3)]
    public void So_many_gradients_wait_as_are_kept_at_once(int count, int ranks, int waiting) =>
        Assert.That(new MicroBatchDeal(count, ranks).Waiting, Is.EqualTo(waiting));

    /// <summary>The sum of n is the sum of the first p and that of the others, p being the largest power of two below n.</summary>
    private static string Tree(int start, int end)
    {
        if (end - start == 1) return $"{start}";
        int first = 1;
        while (2 * first < end - start) first *= 2;
        return $"({Tree(start, start + first)}+{Tree(start + first, end)})";
    }
}
