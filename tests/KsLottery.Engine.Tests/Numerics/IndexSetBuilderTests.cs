using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Numerics;

public sealed class IndexSetBuilderTests
{
    [Test]
    public void Bits_add_the_indices_that_they_stand_for([Values(3, 40, 300, 900, 1000)] int perThousand, [Values(0, 1, 63)] int shift)
    {
        const int Length = 20_000;
        SplitMix64 random = new((ulong)perThousand);
        ulong[] words = new ulong[(Length - shift) / 64];
        List<long> expected = [];
        for (int i = 0; i < words.Length * 64; i++)
        {
            if (random.NextBelow(1000) >= perThousand) continue;
            words[i / 64] |= 1UL << (i % 64);
            expected.Add(shift + i);
        }
        IndexSetBuilder builder = new(Length);
        for (int first = 0; first < words.Length; first += 7)
            builder.AddBits(shift + (64L * first), words.AsSpan(first, Math.Min(7, words.Length - first)));
        IndexSet set = builder.ToSet();
        Assert.That(set.ToArray(), Is.EqualTo(expected));
        Assert.That(set, Is.EqualTo(IndexSet.Of(Length, expected)), "in the same coding");
    }

    [Test]
    public void Bits_out_of_place_are_refused([Values] bool isDense)
    {
        IndexSetBuilder builder = new(200);
        builder.AddBits(0, [isDense ? ulong.MaxValue : 1UL << 63]);
        Assert.That(() => builder.AddBits(63, [1]), Throws.ArgumentException.With.Message.StartWith("index 63 stands behind 63"));
        Assert.That(() => builder.AddBits(64, [0, 0, 1UL << 8]),
            Throws.ArgumentException.With.Message.StartWith("index 200 stands behind"));
    }
}
