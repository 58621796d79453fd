using System.Text.Json;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>The map of STABLE-RPS against the shared golden values.</summary>
public sealed class ShareMapTests
{
    [Test]
    public void Indices_are_the_golden_ones()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "sharing_packing.json")));
        foreach (JsonElement example in golden.RootElement.GetProperty("index").EnumerateArray())
        {
            long Number(string key) => example.GetProperty(key).GetInt64();
            ShareMap map = new(Number("a"), Number("b"), Number("c"), Number("offset"), 1);
            long length = Number("array_length");
            IEnumerable<long> expected = example.GetProperty("expected").GetProperty("pareto").EnumerateArray().Select(i => i.GetInt64());
            Assert.That(Enumerable.Range(0, (int)Number("elements")).Select(i => map.IndexOf(i, length)), Is.EqualTo(expected),
                example.GetProperty("name").GetString());
        }
    }

    /// <summary>An array as long as the weights is read once at every place, so that nothing is lost.</summary>
    [Test]
    public void As_many_values_as_weights_are_a_rotation([Values(1, 2, 97)] int length)
    {
        ShareMap map = new(12_345, 678_901, 1_000_003, 0, 1);
        long[] places = [.. Enumerable.Range(0, length).Select(i => map.IndexOf(i, length))];
        Assert.That(places.Order(), Is.EqualTo(Enumerable.Range(0, length)));
        Assert.That(places.Zip(places.Skip(1)), Has.All.Matches<(long First, long Second)>(p => (p.First + 1) % length == p.Second));
    }

    [Test]
    public void Signs_are_drawn_by_the_seed_or_all_plus()
    {
        ShareMap plain = new(1, 2, 3, 5, 1), drawn = plain with { SignSeed = 4 };
        Assert.That(Enumerable.Range(0, 1000).Select(i => plain.SignOf(i)), Has.All.EqualTo(1));
        Assert.That(Enumerable.Range(0, 1000).Count(i => drawn.SignOf(i) < 0), Is.InRange(400, 600));
        // A place has its sign whichever tensor it is counted in.
        Assert.That(Enumerable.Range(0, 100).Select(i => (drawn with { Offset = 25 }).SignOf(i)),
            Is.EqualTo(Enumerable.Range(20, 100).Select(i => drawn.SignOf(i))));
    }

    [TestCase(0, 0, 0, 0L, 1, true)]
    [TestCase(2_038_074_742, 2_038_074_742, 2_038_074_742, 1L << 40, -1, true)]
    [TestCase(-1, 0, 0, 0L, 1, false), TestCase(0, -1, 0, 0L, 1, false), TestCase(0, 0, -1, 0L, 1, false)]
    [TestCase(2_038_074_743, 0, 0, 0L, 1, false), TestCase(0, 2_038_074_743, 0, 0L, 1, false), TestCase(0, 0, 2_038_074_743, 0L, 1, false)]
    [TestCase(0, 0, 0, -1L, 1, false), TestCase(0, 0, 0, (1L << 40) + 1, 1, false)]
    [TestCase(0, 0, 0, 0L, float.NaN, false), TestCase(0, 0, 0, 0L, float.PositiveInfinity, false)]
    public void Coefficients_lie_below_the_prime_and_scales_are_finite(int a, int b, int c, long offset, float scale, bool isValid) =>
        Assert.That(new ShareMap(a, b, c, offset, scale).IsValid, Is.EqualTo(isValid));

    [Test]
    public void Several_elements_are_gathered_as_one_by_one()
    {
        ShareMap map = new(12_345, 678_901, 1_000_003, 3, 0.5f, 9);
        float[] array = [1, 2, 3, 4, 5], values = new float[40];
        map.Gather(6, array, values);
        Assert.That(values, Is.EqualTo(Enumerable.Range(6, 40).Select(i => 0.5f * map.SignOf(i) * array[map.IndexOf(i, 5)])));
    }

    [Test]
    public void Elements_before_the_first_and_empty_arrays_are_refused()
    {
        Assert.That(() => default(ShareMap).IndexOf(-1, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => default(ShareMap).IndexOf(0, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
