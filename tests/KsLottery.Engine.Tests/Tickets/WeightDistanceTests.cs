using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>How far two checkpoints lie apart, and in which direction.</summary>
public sealed class WeightDistanceTests
{
    private static JsonElement[] Cases => [.. ScoreFixture.Golden("measures.json").GetProperty("distance").EnumerateArray()];

    [Test]
    public void Vectors_lie_apart_as_the_golden_data_says()
    {
        Assert.That(Cases, Has.Length.EqualTo(14));
        foreach (JsonElement one in Cases)
        {
            bool[] counts = one.TryGetProperty("mask", out JsonElement mask) ? [.. ScoreFixture.Numbers(mask).Select(m => m != 0)]
                : [.. ScoreFixture.Numbers(one.GetProperty("u")).Select(_ => true)];
            double[] u = Chosen("u"), v = Chosen("v");
            AssertGolden(one, VectorDistance.Of(u, v), 1e-14);

            double[] Chosen(string name) => [.. ScoreFixture.Numbers(one.GetProperty(name)).Where((_, i) => counts[i])];
        }
        Assert.That(() => VectorDistance.Of([1], [1, 2]), Throws.ArgumentException);
    }

    /// <summary>Those of the cases whose numbers F32 has.</summary>
    [Test]
    public void Tensors_and_parts_of_them_lie_apart_as_the_golden_data_says()
    {
        int cases = 0;
        foreach (JsonElement one in Cases)
        {
            double[] u = ScoreFixture.Numbers(one.GetProperty("u")), v = ScoreFixture.Numbers(one.GetProperty("v"));
            if (u.Concat(v).Any(x => (float)x != x)) continue;
            using ScoreFixture fixture = new([u.Length], [.. u.Select(x => (float)x)], [.. v.Select(x => (float)x)]);
            IndexSet? within = one.TryGetProperty("mask", out JsonElement mask)
                ? IndexSet.Of(u.Length, ScoreFixture.Longs(mask).Index().Where(m => m.Item != 0).Select(m => (long)m.Index)) : null;
            (Checkpoint before, Checkpoint after) = fixture.Checkpoints;
            AssertGolden(one, WeightDistance.Of(before.GetTensor("t"), after.GetTensor("t"), within).Vectors, 1e-13);
            cases++;
        }
        Assert.That(cases, Is.EqualTo(9));
    }

    [Test]
    public void Checkpoints_are_compared_tensor_by_tensor_and_as_one_vector()
    {
        using ScoreFixture fixture = new([("a", [2, 2], [3, 0, 0, 0], [0, 0, 0, 0]), ("b", [3], [0, 4, 1], [0, 4, 1]), ("c", [1], [1],
            [7])]);
        (Checkpoint before, Checkpoint after) = fixture.Checkpoints;
        (IReadOnlyList<WeightDistance> all, IReadOnlyList<(string, string)> leftOut) = WeightDistance.Of(before, after);
        Assert.That(leftOut, Is.Empty);
        Assert.That(all.Select(d => (d.Name, d.Count, d.Vectors.Distance)), Is.EquivalentTo(new[] { ("a", 4L, 3.0), ("b", 3L, 0.0), ("c",
            1L, 6.0) }));
        Assert.That(WeightDistance.Total(all).Vectors.Distance, Is.EqualTo(Math.Sqrt(45)).Within(1e-14));
        TicketMask mask = new([new("c", TicketUnit.Elements.Cut(1, 1), IndexSet.All(1)), new("a", TicketUnit.Elements.Cut(2, 2),
            IndexSet.Of(4, (int[])[1, 2]))]);
        Assert.That(WeightDistance.Total(WeightDistance.Of(before, after, within: mask).Compared), Is.EqualTo(
            new WeightDistance("", 3, new(1, 7, 6, 8))));
        Assert.That(() => WeightDistance.Of(before.GetTensor("a"), after.GetTensor("b")), Throws.ArgumentException.With.Message
            .Contains("[3]"));
    }

    private static void AssertGolden(JsonElement one, VectorDistance actual, double tolerance)
    {
        JsonElement expected = one.GetProperty("expected");
        foreach ((string key, double value) in ((string, double)[])[("l2", actual.Distance), ("norm_u", actual.First), ("norm_v",
            actual.Second),
            ("relative_l2", actual.Relative), ("cosine", actual.Cosine), ("angle_radians", actual.Radians), ("angle_degrees",
                actual.Degrees)])
        {
            double golden = expected.GetProperty(key) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.NaN;
            bool isNear = double.IsNaN(golden) ? double.IsNaN(value)
                : Math.Abs(value - golden) <= tolerance * Math.Max(Math.Abs(golden), key == "cosine" ? 1 : 0);
            Assert.That(isNear, $"{one.GetProperty("name").GetString()}: {key} is {value:R}, not {golden:R}");
        }
    }
}
