using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Overlaps against the golden data of the shared folder.</summary>
public sealed class MaskOverlapTests
{
    [Test]
    public void Overlap_of_two_masks_is_that_of_the_golden_data()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("sets.json").GetProperty("sets").EnumerateArray())
        {
            string name = one.GetProperty("name").GetString()!;
            int n = one.GetProperty("n").GetInt32();
            JsonElement expected = one.GetProperty("expected");
            IndexSet a = Members(one.GetProperty("a").GetString()!), b = Members(one.GetProperty("b").GetString()!);
            MaskOverlap overlap = MaskOverlap.Of(a, b), pruned = MaskOverlap.Of(a.Complement(), b.Complement());
            AssertClose(overlap.Jaccard, "jaccard");
            AssertClose(overlap.Cosine, "cosine");
            AssertClose(overlap.Coefficient, "overlap_coefficient");
            AssertClose(overlap.FlipRate, "flip_rate");
            AssertClose(overlap.ByChance.Jaccard, "expected_jaccard_of_random_masks");
            Assert.That(overlap.PrunedJaccard, Is.EqualTo(pruned.Jaccard), name);
            Assert.That(overlap.ByChance.PrunedJaccard, Is.EqualTo(pruned.ByChance.Jaccard).Within(1e-15), name);
            // A tensor as two masks see it, and another that one of them alone names.
            TensorMask Of(IndexSet set) => new("t", new(1, n, 1, 1), set);
            if (n > 0)
                Assert.That(MaskOverlap.Of(new TicketMask([Of(a)]), new TicketMask([Of(b), Of(b) with { Name = "u" }])),
                    Is.EqualTo(new MaskOverlap(2 * n, a.Count, 2 * b.Count, overlap.Shared)), name);
            cases++;

            void AssertClose(double value, string key)
            {
                JsonElement element = expected.GetProperty(key);
                if (element.ValueKind == JsonValueKind.String) Assert.That(value, Is.NaN, $"{name} {key}");
                else Assert.That(value, Is.EqualTo(element.GetDouble()).Within(1e-15), $"{name} {key}");
            }
        }
        Assert.That(cases, Is.EqualTo(13));
    }

    [Test]
    public void Masks_of_a_fifth_pruned_share_four_fifths_by_chance()
    {
        MaskOverlap chance = new MaskOverlap(100, 80, 80, 80).ByChance;
        Assert.That(chance.Cosine, Is.EqualTo(0.8).Within(1e-15));
        Assert.That(chance.PrunedJaccard, Is.EqualTo(0.04 / 0.36).Within(1e-15));
        Assert.That(chance.FlipRate, Is.EqualTo(0.32).Within(1e-15));
    }

    /// <summary>Both take of the first tensor; of the others one alone does.</summary>
    [Test]
    public void Chance_in_tensors_knows_which_of_them_both_favour()
    {
        static TensorMask Part(string name, int length, params int[] elements) =>
            new(name, new(1, length, 1, 1), IndexSet.Of(length, elements));

        TicketMask first = new([Part("a", 10, 1, 2, 3, 4), Part("b", 90)]), second = new([Part("a", 10, 4, 5), Part("c", 100, 7)]);
        Assert.That(MaskOverlap.Of(first, second), Is.EqualTo(new MaskOverlap(200, 4, 3, 1)));
        Assert.That(MaskOverlap.Of(first, second).ByChance.Shared, Is.EqualTo(4 * 3 / 200d).Within(1e-15));
        Assert.That(MaskOverlap.ByChanceInTensors(first, second).Shared, Is.EqualTo(4 * 2 / 10d).Within(1e-15));
    }

    private static IndexSet Members(string bits) =>
        IndexSet.Of(bits.Length, Enumerable.Range(0, bits.Length).Where(i => bits[i] == '1'));
}
