using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Selections against the golden data of the shared folder, made by ways of its own: ../shared/data/systems/README.md.</summary>
public sealed class UnitSelectorTests
{
    private static (string Name, long[] Shape, float[] Before, float[] After)[] Tensors(JsonElement one) =>
        [.. one.GetProperty("tensors").EnumerateArray().Select(t => (t.GetProperty("name").GetString()!,
            ScoreFixture.Longs(t.GetProperty("shape")), ScoreFixture.Singles(t.GetProperty("values")),
            ScoreFixture.Singles(t.GetProperty("values"))))];

    private static long[][] Kept(JsonElement kept) => [.. kept.EnumerateArray().Select(ScoreFixture.Longs)];

    [Test]
    public void The_largest_of_all_tensors_are_chosen_and_ties_by_place()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("select_global.json").GetProperty("cases").EnumerateArray())
        {
            string name = one.GetProperty("name").GetString()!;
            int count = one.GetProperty("k").GetInt32();
            long[][] expected = Kept(one.GetProperty("expected").GetProperty("kept"));
            if (name == "infinities") expected = [[1, 3]]; // they are no values that a ticket may hold; the data's own rule takes them
            using ScoreFixture fixture = new(Tensors(one));
            cases++;
            if (count == 0) continue;
            Assert.That(fixture.Select("magnitude", new TopUnits(count)), Is.EqualTo(expected), name);
            // Kept scores are chosen from as streamed ones are.
            UnitScores[] scores = [.. fixture.Sources(TicketUnit.Elements).Zip(Tensors(one)).Select(t =>
                new UnitScores(t.First, [.. t.Second.Before.Select(v => (double)Math.Abs(v))]))];
            Assert.That(new TopUnits(count).Select(scores, new IndexSet?[scores.Length]).Select(s => s.ToArray()),
                Is.EqualTo(Kept(one.GetProperty("expected").GetProperty("kept"))), name);
        }
        Assert.That(cases, Is.EqualTo(16));
    }

    [Test]
    public void The_largest_of_a_million_are_chosen([Values(1, 3)] int threads)
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("select_global.json").GetProperty("formula_cases").EnumerateArray())
        {
            int count = one.GetProperty("n").GetInt32();
            float[] values = [.. Enumerable.Range(0, count).Select(i => ((i * 104_729L + 17) % 65_537 - 32_768) / 1024f)];
            using ScoreFixture fixture = new([count], values, values);
            int[] kept = [.. fixture.Select("tuned-magnitude", new TopUnits(one.GetProperty("k").GetInt32()), threads: threads)[0]
                .Select(i => (int)i)];
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(kept))),
                Is.EqualTo(one.GetProperty("expected").GetProperty("kept_sha256_of_int32_le").GetString()));
            cases++;
        }
        Assert.That(cases, Is.EqualTo(3));
    }

    [Test]
    public void Every_tensor_gives_its_share_rounded_down()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("select_per_tensor.json").GetProperty("cases").EnumerateArray())
        {
            UnitShare share = new(decimal.Parse(one.GetProperty("density").GetString()!, CultureInfo.InvariantCulture));
            using ScoreFixture fixture = new(Tensors(one));
            Assert.That(fixture.Select("magnitude", new TopShare(share, isPerTensor: true)),
                Is.EqualTo(Kept(one.GetProperty("expected").GetProperty("kept_floor"))), one.GetProperty("name").GetString());
            cases++;
        }
        Assert.That(cases, Is.EqualTo(7));
    }

    [Test]
    public void What_is_excluded_never_wins()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("select_excluding.json").GetProperty("cases").EnumerateArray())
        {
            cases++;
            float[] values = ScoreFixture.Singles(one.GetProperty("values"));
            int count = one.GetProperty("k").GetInt32();
            if (count == 0) continue;
            using ScoreFixture fixture = new([values.Length], values, values);
            UnitGrid grid = fixture.Source(TicketUnit.Elements).Grid;
            IndexSet excluded = IndexSet.Of(values.Length, ScoreFixture.Longs(one.GetProperty("excluded")));
            long[] expected = ScoreFixture.Longs(one.GetProperty("expected").GetProperty("kept"));
            TicketMask mask = new([new("t", grid, excluded)]);
            Assert.That(fixture.Select("magnitude", new TopUnits(count), excluded: mask)[0], Is.EqualTo(expected),
                one.GetProperty("name").GetString());
            UnitScores scores = new(fixture.Source(TicketUnit.Elements), [.. values.Select(v => (double)Math.Abs(v))]);
            Assert.That(new TopUnits(count).Select([scores], [excluded])[0], Is.EqualTo(expected));
        }
        Assert.That(cases, Is.EqualTo(8));
    }

    [Test]
    public void Of_every_group_the_best_win()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("select_nm.json").GetProperty("cases").EnumerateArray())
        {
            // A given score stands for the values: both are larger than 0.
            bool isGiven = one.TryGetProperty("score", out JsonElement given);
            float[] values = ScoreFixture.Singles(isGiven ? given : one.GetProperty("values"));
            using ScoreFixture fixture = new(ScoreFixture.Longs(one.GetProperty("shape")), values, values);
            JsonElement expected = one.GetProperty("expected");
            long[] kept = ScoreFixture.Longs(
                expected.TryGetProperty("kept", out JsonElement plain) ? plain : expected.GetProperty("tail_keeps_min_n"));
            Assert.That(fixture.Select("magnitude", new GroupPattern(one.GetProperty("n").GetInt32(), one.GetProperty("m").GetInt32()))[0],
                Is.EqualTo(kept), one.GetProperty("name").GetString());
            cases++;
        }
        Assert.That(cases, Is.EqualTo(14));
    }

    [Test]
    public void Wide_groups_are_chosen_from_as_narrow_ones_are([Values(7, 20, 64)] int size, [Values(1, 5)] int count)
    {
        const int Rows = 37, Columns = 300;
        float[] values = [.. Enumerable.Range(0, Rows * Columns).Select(i => (float)((i * 7919) % 23 - 11))];
        values[4] = float.NaN;
        using ScoreFixture fixture = new([Rows, Columns], values, values);
        List<long> expected = [];
        for (int row = 0; row < Rows; row++)
            for (int start = 0; start < Columns; start += size)
                expected.AddRange(Enumerable.Range((row * Columns) + start, Math.Min(size, Columns - start))
                    .Where(i => values[i] is not float.NaN).OrderByDescending(i => Math.Abs(values[i])).Take(count).Order()
                    .Select(i => (long)i));
        Assert.That(fixture.Select("magnitude", new GroupPattern(count, size))[0], Is.EqualTo(expected));
    }

    [TestCase(ElementType.BF16, 3), TestCase(ElementType.F16, 1)]
    public void Millions_are_chosen_as_by_a_sort_on_any_number_of_threads(ElementType type, int threads)
    {
        SplitMix64 random = new(3);
        (string Name, long[] Shape, float[] Before, float[] After)[] tensors =
            [.. new[] { ("z", 1500, 2003), ("a", 1, 700_001), ("m", 900, 1000) }.Select(t =>
                (t.Item1, new long[] { t.Item2, t.Item3 }, Draw(t.Item2 * t.Item3), Draw(t.Item2 * t.Item3)))];
        using ScoreFixture fixture = new(tensors, type, isMapped: threads > 1);
        float[] scores = [.. tensors.SelectMany(t => t.Before.Zip(t.After, (a, b) => Math.Abs(Stored(b) - Stored(a))))];
        float[] sorted = [.. scores];
        sorted.AsSpan().Sort();
        foreach (int count in (int[])[1, 46_000, 2_000_000, scores.Length])
        {
            float last = sorted[^count];
            int ties = count;
            for (int i = sorted.Length - 1; i >= 0 && sorted[i] > last; i--) ties--;
            List<long> expected = [], all = [];
            for (int i = 0; i < scores.Length; i++)
                if (scores[i] > last || (scores[i] == last && ties-- > 0)) expected.Add(i);
            long first = 0;
            foreach ((long[] winners, float[] values) in fixture.Select("movement", new TopUnits(count), threads: threads)
                .Zip(tensors.Select(t => t.Before)))
            {
                foreach (long unit in winners) all.Add(first + unit);
                first += values.Length;
            }
            Assert.That(all.SequenceEqual(expected), Is.True, $"{count}");
        }

        float Stored(float value) => type switch
        {
            ElementType.BF16 => HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(value)),
            _ => HalfPrecision.FromFloat16(HalfPrecision.ToFloat16(value)),
        };

        float[] Draw(int count)
        {
            float[] values = new float[count];
            foreach (ref float value in values.AsSpan()) value = (float)(random.NextDouble() * random.NextDouble() - 0.25);
            return values;
        }
    }

    /// <summary>Of few distinct values most lie at the last winner's, in every chunk; some are none, two differences overflow.</summary>
    [Test]
    public void Of_many_equal_scores_the_first_ones_win([Values(0.01, 0.09, 0.3, 0.8)] double share, [Values(1, 3)] int threads,
        [Values("movement", "magnitude-increase")] string score)
    {
        SplitMix64 random = new(5);
        const int Count = 1_200_077;
        float[] before = new float[Count], after = new float[Count];
        for (int i = 0; i < Count; i++)
        {
            after[i] = (int)(random.NextDouble() * 4) + (i < Count / 2 ? 0 : 2);
            if (i % 50_021 == 7) after[i] = i % 2 == 0 ? float.NaN : float.NegativeInfinity;
        }
        (before[300_000], after[300_000], before[900_001], after[900_001]) = (-3e38f, 3e38f, -2e38f, 3e38f);
        using ScoreFixture fixture = new([("w", [1, Count], before, after)], ElementType.BF16, isMapped: true);
        int count = (int)(share * Count);
        float Score(int i) => score == "movement" ? Math.Abs(after[i] - before[i]) : Math.Abs(after[i]) - Math.Abs(before[i]);
        IEnumerable<long> expected = Enumerable.Range(0, Count).Where(i => float.IsFinite(after[i])).OrderByDescending(Score).Take(count)
            .Order().Select(i => (long)i);
        Assert.That(fixture.Select(score, new TopUnits(count), threads: threads)[0].SequenceEqual(expected), Is.True);
    }

    [Test]
    public void Shares_of_all_and_draws_by_a_seed_are_of_what_is_left()
    {
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => (float)i)];
        values[999] = float.NaN;
        using ScoreFixture fixture = new([10, 100], values, values);
        TicketMask excluded = new([new("t", fixture.Source(TicketUnit.Rows).Grid, IndexSet.Of(10, new long[] { 0, 8 }))]);
        Assert.That(fixture.Select("magnitude", new TopShare(new(0.01m)), excluded: excluded)[0],
            Is.EqualTo(Enumerable.Range(991, 8)), "1% of the 800 elements outside rows 0 and 8, the NaN apart");
        long[] drawn = fixture.Select("magnitude", new RandomUnits(new(1m), false, 9), excluded: excluded)[0];
        Assert.That(drawn, Is.EqualTo(Enumerable.Range(0, 999).Where(i => i / 100 is not 0 and not 8)));
        long[] few = fixture.Select("magnitude", new RandomUnits(20, 9), excluded: excluded)[0];
        long[] others = fixture.Select("magnitude", new RandomUnits(20, 8), excluded: excluded)[0];
        Assert.That(few, Has.Length.EqualTo(20).And.Not.EqualTo(others));
        Assert.That(fixture.Select("random", new TopUnits(20))[0], Has.Length.EqualTo(20));
        Assert.That(fixture.Select("magnitude", new TopUnits(2), TicketUnit.Blocks(5, 50), excluded)[0], Is.Empty, "rows touch all blocks");
    }

    [Test]
    public void Elements_and_larger_units_are_not_selected_from_together()
    {
        using ScoreFixture fixture = new([2, 2], [1, 2, 3, 4], [1, 2, 3, 5]);
        ScoreSource rows = fixture.Source(TicketUnit.Rows), elements = fixture.Source(TicketUnit.Elements);
        Assert.That(() => UnitSelector.Select(TicketScore.Named("shift"), new TopUnits(1), [rows, elements]),
            Throws.ArgumentException.With.Message.StartWith("some tensors are cut into elements, others into larger units"));
        Assert.That(() => UnitSelector.Select(TicketScore.Ks, new TopUnits(1), [elements]),
            Throws.ArgumentException.With.Message.StartWith("the score 'ks' tells single elements apart by nothing"));
        Assert.That(() => UnitSelector.Select(TicketScore.Named("shift"), new GroupPattern(1, 2), [rows]),
            Throws.ArgumentException.With.Message.StartWith("1:2 chooses elements in groups of 2 of a row, not larger units."));
        TicketMask other = new([new("t", new UnitGrid(4, 1, 1, 1), IndexSet.All(4))]);
        Assert.That(() => UnitSelector.Select(TicketScore.Named("shift"), new TopUnits(1), [rows], other),
            Throws.ArgumentException.With.Message.StartWith("t: the excluded mask has the shape [4,1], the tensor [2,2]."));
    }

    [Test]
    public void Every_readable_type_is_selected_from_by_its_values()
    {
        // No larger than 7: two bits behind the point are enough for all of them.
        float[] before = [.. Enumerable.Range(0, 640).Select(i => (float)(i * i % 7 % 6))],
            after = [.. before.Select((value, i) => value + (i % 11 % 3))];
        string[] scores = ["movement", "relative-shift", "magnitude", "tuned-magnitude", "magnitude-increase", "random"];
        using ScoreFixture wide = new([16, 40], before, after);
        foreach (ElementType type in ElementTypes.All.Where(t => t.IsReadable()))
            foreach (string score in scores)
            {
                using ScoreFixture fixture = new([16, 40], before, after, type);
                Assert.That(fixture.Select(score, new TopUnits(77)), Is.EqualTo(wide.Select(score, new TopUnits(77))), $"{score} {type}");
                Assert.That(fixture.Select(score, new TopUnits(7), TicketUnit.Blocks(4, 5)),
                    Is.EqualTo(wide.Select(score, new TopUnits(7), TicketUnit.Blocks(4, 5))), $"{score} {type}");
            }
    }

    [Test]
    public void Codes_without_a_scale_are_no_values_beside_others()
    {
        using ScoreFixture plain = new([2, 2], [1, 2, 3, 4], [1, 2, 3, 5]),
            codes = new([2, 2], [1, 2, 3, 4], [1, 2, 3, 5], ElementType.F8E4M3);
        foreach (TicketUnit unit in (TicketUnit[])[TicketUnit.Elements, TicketUnit.Columns])
            Assert.That(() => UnitSelector.Select(TicketScore.Named("movement"), new TopUnits(1),
                [codes.Source(unit) with { Tuned = plain.Source(unit).Tuned }]),
                Throws.TypeOf<NotSupportedException>().With.Message.Contains("without its scale a code is no value"));
    }

    [Test]
    public void A_cancelled_selection_ends()
    {
        using ScoreFixture fixture = new([2, 2], [1, 2, 3, 4], [1, 2, 3, 5]);
        Assert.That(() => UnitSelector.Select(TicketScore.Named("shift"), new TopUnits(1), fixture.Sources(TicketUnit.Elements),
            cancellationToken: new(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }
}
