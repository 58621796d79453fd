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

    [Test]
    public void Elements_before_the_first_and_empty_arrays_are_refused()
    {
        Assert.That(() => default(ShareMap).IndexOf(-1, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => default(ShareMap).IndexOf(0, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
