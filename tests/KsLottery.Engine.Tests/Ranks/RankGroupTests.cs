using System.Runtime.InteropServices;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Tests.Ranks;

/// <summary>What every group promises, on one process by itself and on threads.</summary>
public sealed class RankGroupTests
{
    [Test]
    public void Alone_gives_back_what_it_was_given()
    {
        byte[] all = new byte[3];
        RankGroup.Alone.Gather([1, 2, 3], [3], all);
        long[] values = [7, -1];
        RankGroup.Alone.Sum(values);
        RankGroup.Alone.Max(values);
        Assert.Multiple(() =>
        {
            Assert.That(all, Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(values, Is.EqualTo(new long[] { 7, -1 }));
            Assert.That(RankGroup.Alone.Writes);
        });
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Ranks_gather_exchange_and_sum_in_the_order_of_ranks(int size)
    {
        var found = ThreadRanks.Run(size, ranks =>
        {
            long[] counts = [.. Enumerable.Range(0, size).Select(rank => (long)rank)];
            byte[] all = new byte[counts.Sum()];
            ranks.Gather(Enumerable.Repeat((byte)(ranks.Rank + 1), ranks.Rank).ToArray(), counts, all);
            long[] values = [ranks.Rank, -ranks.Rank];
            ranks.Sum(values);
            long[] largest = [ranks.Rank, -ranks.Rank];
            ranks.Max(largest);
            long[] eights = [.. Enumerable.Repeat(8L, size)];
            long[] incoming = new long[size];
            ranks.Exchange(MemoryMarshal.AsBytes<long>([.. Enumerable.Range(0, size).Select(to => (100L * ranks.Rank) + to)]), eights,
                MemoryMarshal.AsBytes(incoming.AsSpan()), eights);
            byte[] word = [(byte)(ranks.Rank == 0 ? 42 : 0)];
            ranks.Broadcast(word);
            return (all, values, largest, incoming, word);
        });
        Assert.Multiple(() =>
        {
            Assert.That(found[0].all, Is.EqualTo(Enumerable.Range(0, size).SelectMany(rank => Enumerable.Repeat((byte)(rank + 1), rank))));
            for (int rank = 0; rank < size; rank++)
            {
                Assert.That(found[rank].values, Is.EqualTo(new[] { size * (size - 1L) / 2, -size * (size - 1L) / 2 }));
                Assert.That(found[rank].largest, Is.EqualTo(new[] { size - 1L, 0 }));
                Assert.That(found[rank].incoming, Is.EqualTo(Enumerable.Range(0, size).Select(from => (100L * from) + rank)));
                Assert.That(found[rank].word, Is.EqualTo(new byte[] { 42 }));
            }
        });
    }
}
