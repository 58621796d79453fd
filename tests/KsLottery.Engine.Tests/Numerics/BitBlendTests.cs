using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Numerics;

public sealed class BitBlendTests
{
    [Test]
    public void Elements_whose_bits_are_set_take_the_place_of_others([Values(2, 4)] int size, [Values(0, 1, 31, 64, 100, 1000)] int count)
    {
        Random random = new(count);
        byte[] from = new byte[count * size], to = new byte[count * size];
        random.NextBytes(from);
        random.NextBytes(to);
        ulong[] bits = [.. Enumerable.Range(0, (count + 63) / 64).Select(_ => (ulong)random.NextInt64())];
        byte[] expected = [.. to.Select((b, i) => (bits[i / size / 64] >> (i / size % 64) & 1) != 0 ? from[i] : b)];
        BitBlend.Put(bits, from, to, size);
        Assert.That(to, Is.EqualTo(expected));
    }

    [Test]
    public void Places_become_bits()
    {
        PlaceBits writer = new(256);
        ulong[] bits = new ulong[4];
        foreach (int[] places in (int[][])[[0, 1, 63, 64, 255], [], [130]])
        {
            writer.Write(places, bits);
            Assert.That(Enumerable.Range(0, 256).Where(i => (bits[i >> 6] >> i & 1) != 0), Is.EqualTo(places));
        }
    }
}
