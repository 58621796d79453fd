using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Numerics;

/// <summary>Algebra and codings of sets of indices, against the shared golden values and against sets of the framework.</summary>
public sealed class IndexSetTests
{
    private static readonly Lazy<JsonElement> Golden = new(() =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "sets.json"))).RootElement);

    [Test]
    public void Algebra_and_ratios_are_the_golden_ones()
    {
        foreach (JsonElement example in Golden.Value.GetProperty("sets").EnumerateArray())
        {
            IndexSet a = OfBits(example, "a"), b = OfBits(example, "b");
            JsonElement expected = example.GetProperty("expected");
            string name = example.GetProperty("name").GetString()!;
            Assert.Multiple(() =>
            {
                Assert.That(a.Union(b), Is.EqualTo(OfBits(expected, "union")), name);
                Assert.That(a.Intersect(b), Is.EqualTo(OfBits(expected, "intersection")), name);
                Assert.That(a.Except(b), Is.EqualTo(OfBits(expected, "a_minus_b")), name);
                Assert.That(b.Except(a), Is.EqualTo(OfBits(expected, "b_minus_a")), name);
                Assert.That(a.SymmetricExcept(b), Is.EqualTo(OfBits(expected, "symmetric_difference")), name);
                Assert.That(a.Complement(), Is.EqualTo(OfBits(expected, "complement_a")), name);
                Assert.That(a.Jaccard(b), Is.EqualTo(Number(expected, "jaccard")).Within(1e-15), name);
                Assert.That(a.Cosine(b), Is.EqualTo(Number(expected, "cosine")).Within(1e-15), name);
                Assert.That(a.Density, Is.EqualTo(Number(expected, "density_a")).Within(1e-15), name);
                Assert.That(a.Count, Is.EqualTo(expected.GetProperty("counts").GetProperty("a").GetInt64()), name);
            });
        }
    }

    /// <summary>Sets of both codings over several windows, dense, sparse and clustered.</summary>
    [Test]
    public void Algebra_of_large_sets_is_that_of_the_framework([Values(0.0001, 0.003, 0.1, 0.5)] double one,
        [Values(0.0, 0.003, 0.1, 0.97)] double other)
    {
        const int Length = 100_003;
        SortedSet<long> a = Drawn(one, 1), b = Drawn(other, 2);
        IndexSet x = IndexSet.Of(Length, a), y = IndexSet.Of(Length, b);
        Assert.Multiple(() =>
        {
            Same(x.Intersect(y), a.Intersect(b));
            Same(x.Union(y), a.Union(b));
            Same(x.Except(y), a.Except(b));
            Same(x.SymmetricExcept(y), a.Except(b).Union(b.Except(a)));
            Same(y.Complement(), Enumerable.Range(0, Length).Select(i => (long)i).Except(b));
            IndexSet read = IndexSet.Decode(Length, x.Coding, x.Encode());
            Assert.That(read, Is.EqualTo(x));
            byte[] bytes = x.Encode();
            IndexSet left = IndexSet.Decode(Length, x.Coding, () => bytes);
            Assert.That(left, Is.EqualTo(x));
            foreach (IndexSet some in (IndexSet[])[read, left])
            {
                Assert.That(some.SequenceEqual(a), Is.True);
                Assert.That(some.From(60_001).SequenceEqual(a.Where(i => i >= 60_001)), Is.True, "marks");
            }
            Same(left.Union(y), a.Union(b));
        });

        static void Same(IndexSet set, IEnumerable<long> expected) => Assert.That(set, Is.EqualTo(IndexSet.Of(Length, expected.Order())));

        static SortedSet<long> Drawn(double share, ulong seed)
        {
            SplitMix64 random = new(seed);
            return [.. Enumerable.Range(0, Length).Where(i => random.NextDouble() < (i is > 30_000 and < 31_000 ? 0.9 : share))
                .Select(i => (long)i)];
        }
    }

    /// <summary>Damage behind many sound steps, which are read several at a time.</summary>
    [TestCase(100, 0, "byte 100: the step is 0")]
    [TestCase(1999, 100, "byte 1999: the step is 100 and leads from 1999 too far")]
    [TestCase(1999, 0x80, "byte 1999: the step has no end")]
    public void A_damaged_step_is_named_wherever_it_stands(int place, int step, string says)
    {
        byte[] steps = [.. Enumerable.Repeat((byte)1, 2000)];
        steps[place] = (byte)step;
        Assert.That(() => IndexSet.Decode(2010, IndexCoding.Steps, steps),
            Throws.TypeOf<InvalidDataException>().With.Message.StartWith(says));
    }

    [Test]
    public void Steps_are_the_golden_ones()
    {
        foreach (JsonElement example in Golden.Value.GetProperty("delta").EnumerateArray())
        {
            long[] indices = [.. example.GetProperty("indices").EnumerateArray().Select(i => i.GetInt64())];
            IndexSet set = IndexSet.Of(indices.Length == 0 ? 64 : (indices[^1] * 8) + 1024, indices);
            IEnumerable<long> steps = example.GetProperty("expected").GetProperty("steps_first_is_absolute").EnumerateArray()
                .Select(s => s.GetInt64());
            Assert.That(set.Coding, Is.EqualTo(IndexCoding.Steps));
            Assert.That(ReadSteps(set.Encode()), Is.EqualTo(steps), example.GetProperty("name").GetString());
        }
    }

    [Test]
    public void Bits_are_the_golden_ones()
    {
        foreach (JsonElement example in Golden.Value.GetProperty("bits").EnumerateArray())
        {
            string hex = example.GetProperty("expected_bytes_hex").GetString()!;
            IndexSet set = OfBits(example, "bits");
            Assert.That(IndexSet.Decode(set.Length, IndexCoding.Bits, Convert.FromHexString(hex)), Is.EqualTo(set), hex);
            if (set.Coding == IndexCoding.Bits) Assert.That(Convert.ToHexStringLower(set.Encode()), Is.EqualTo(hex));
        }
    }

    /// <summary>Sets of every density, against the framework's sorted sets: members, runs, search, algebra, codings.</summary>
    [Test]
    public void Random_sets_behave_as_sorted_sets(
        [Values(1, 63, 64, 1000, 20_000)] int length, [Values(0.001, 0.06, 0.2, 0.9)] double density)
    {
        Random random = new(length);
        long[] first = Draw(random, length, density), second = Draw(random, length, random.NextDouble());
        IndexSet a = IndexSet.Of(length, first), b = IndexSet.Of(length, second);
        Assert.Multiple(() =>
        {
            Assert.That(a, Is.EqualTo(first));
            Assert.That(a.Union(b), Is.EqualTo(first.Union(second).Order()));
            Assert.That(a.Intersect(b), Is.EqualTo(first.Intersect(second).Order()));
            Assert.That(a.Except(b), Is.EqualTo(first.Except(second).Order()));
            Assert.That(a.Complement().Complement(), Is.EqualTo(a));
            Assert.That(a.Complement().Count, Is.EqualTo(length - first.Length));
            Assert.That(IndexSet.OfRuns(length, a.Runs), Is.EqualTo(a));
            Assert.That(a.Runs.Zip(a.Runs.Skip(1)).All(pair => pair.First.End < pair.Second.Start), Is.True);
            Assert.That(IndexSet.Decode(length, a.Coding, a.Encode()), Is.EqualTo(a));
            Assert.That(a.From(length / 2), Is.EqualTo(first.Where(i => i >= length / 2)));
            HashSet<long> members = [.. first];
            Assert.That(Enumerable.Range(-1, length + 2).Where(i => a.Contains(i) != members.Contains(i)), Is.Empty);
        });
    }

    /// <summary>Words of bits, from any start and in pieces of any size, make the set that their indices make one by one.</summary>
    [Test]
    public void Bits_are_added_as_their_indices_are(
        [Values(700, 300_000)] int length, [Values(0.00005, 0.01, 0.09, 0.14, 0.5)] double density, [Values(0, 64, 37)] int start)
    {
        Random random = new(length + start);
        long[] indices = Draw(random, length - start, density);
        ulong[] words = new ulong[(length - start + 63) / 64];
        foreach (long index in indices) words[index >> 6] |= 1UL << (int)(index & 63);
        IndexSetBuilder builder = new(length, density);
        for (int next = 0, size; next < words.Length; next += size)
        {
            size = Math.Min(random.Next(1, 3000), words.Length - next);
            builder.AddBits(start + (64L * next), words.AsSpan(next, size));
        }
        IndexSet set = builder.ToSet(), expected = IndexSet.Of(length, indices.Select(i => i + start));
        Assert.Multiple(() =>
        {
            Assert.That(set.SequenceEqual(expected), Is.True);
            Assert.That(set.Coding, Is.EqualTo(expected.Coding));
            Assert.That(set.Encode().AsSpan().SequenceEqual(expected.Encode()), Is.True);
            Assert.That(set.Count, Is.EqualTo(expected.Count));
            foreach (long from in new long[] { 0, start, length / 3, length - 1 })
            {
                Assert.That(set.From(from).Take(50), Is.EqualTo(expected.From(from).Take(50)));
                Assert.That(set.Contains(from), Is.EqualTo(expected.Contains(from)));
            }
        });
    }

    [Test]
    public void Bits_out_of_order_or_range_are_refused([Values] bool isDense)
    {
        IndexSetBuilder builder = new(200);
        if (isDense) builder.AddRun(new(0, 60));
        builder.AddBits(64, [0b1010]);
        Assert.Multiple(() =>
        {
            Assert.That(() => builder.AddBits(64, [0b1000]), Throws.ArgumentException.With.Message.Contains("67"));
            Assert.That(() => builder.AddBits(128, [0, 1UL << 9]), Throws.ArgumentException.With.Message.Contains("201"));
        });
    }

    [Test]
    public void The_smaller_coding_is_taken()
    {
        Assert.Multiple(() =>
        {
            Assert.That(IndexSet.All(1_000_000).Coding, Is.EqualTo(IndexCoding.Bits));
            Assert.That(IndexSet.Of(1_000_000, [1L, 500_000, 999_999]).Encode(), Has.Length.EqualTo(7));
            Assert.That(IndexSet.All(1_000_000).Except(IndexSet.OfRuns(1_000_000, [new(1, 999_998)])).Coding,
                Is.EqualTo(IndexCoding.Steps));
            Assert.That(IndexSet.Empty(0), Is.EqualTo(IndexSet.All(0)));
        });
    }

    [TestCase(10, new long[] { 3, 3 })]
    [TestCase(10, new long[] { 3, 2 })]
    [TestCase(10, new long[] { 10 })]
    [TestCase(10, new long[] { -1 })]
    [TestCase(0, new long[] { 0 })]
    public void Indices_out_of_order_or_range_are_refused(long length, long[] indices) =>
        Assert.That(() => IndexSet.Of(length, indices), Throws.ArgumentException.With.Message.Contains($"{length}"));

    [Test]
    public void Runs_that_overlap_or_leave_the_range_are_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => IndexSet.OfRuns(100, [new(0, 50), new(49, 3)]), Throws.ArgumentException);
            Assert.That(() => IndexSet.OfRuns(1000, [new(0, 500), new(499, 300)]), Throws.ArgumentException);
            Assert.That(() => IndexSet.OfRuns(1000, [new(0, 512), new(64, 512)]), Throws.ArgumentException);
            Assert.That(() => IndexSet.OfRuns(100, [new(50, 51)]), Throws.ArgumentException);
            Assert.That(() => IndexSet.OfRuns(100, [new(-2, 2)]), Throws.ArgumentException);
            Assert.That(() => IndexSet.All(10).Union(IndexSet.All(11)), Throws.ArgumentException.With.Message.Contains("10"));
        });
    }

    [TestCase("Steps", "80", Description = "no end")]
    [TestCase("Steps", "8100", Description = "two bytes for 1")]
    [TestCase("Steps", "0300", Description = "an index twice")]
    [TestCase("Steps", "64", Description = "100 of 100")]
    [TestCase("Steps", "0361", Description = "3 + 97 of 100")]
    [TestCase("Steps", "ffffffffffffffffff01", Description = "more than 63 bits")]
    [TestCase("Bits", "00", Description = "too few")]
    [TestCase("Bits", "00000000000000000000000010", Description = "bit 100 of 100")]
    public void Damaged_codings_are_refused(string coding, string hex) => Assert.That(
        () => IndexSet.Decode(100, Enum.Parse<IndexCoding>(coding), Convert.FromHexString(hex)), Throws.InstanceOf<InvalidDataException>());

    private static IndexSet OfBits(JsonElement parent, string name)
    {
        string bits = parent.GetProperty(name).GetString()!;
        return IndexSet.Of(bits.Length, Enumerable.Range(0, bits.Length).Where(i => bits[i] == '1'));
    }

    private static double Number(JsonElement parent, string name)
    {
        JsonElement value = parent.GetProperty(name);
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
    }

    private static List<long> ReadSteps(byte[] bytes)
    {
        List<long> steps = [];
        long step = 0;
        int shift = 0;
        foreach (byte b in bytes)
        {
            step |= (b & 0x7fL) << shift;
            shift = b < 0x80 ? 0 : shift + 7;
            if (b >= 0x80) continue;
            steps.Add(step);
            step = 0;
        }
        return steps;
    }

    private static long[] Draw(Random random, int length, double density) =>
        [.. Enumerable.Range(0, length).Where(_ => random.NextDouble() < density).Select(i => (long)i)];
}
