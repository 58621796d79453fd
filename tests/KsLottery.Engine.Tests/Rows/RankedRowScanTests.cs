using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Ranks;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>What several ranks find, rank 0 has as one process finds it.</summary>
public sealed class RankedRowScanTests
{
    private const int Width = 40;

    [Test]
    public void Ranks_find_every_bit_that_one_process_finds(
        [Values(1, 2, 3, 5)] int size, [Values(1, 3, 257)] int rows, [Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        RowMatrix before = Noise(rows, type, 1), after = Noise(rows, type, 2);
        RowScanResult whole = RowScan.Run(before, after, new() { TakesFingerprints = true });
        RowScanResult?[] found = ThreadRanks.Run(size, ranks =>
            RowScan.Run(ranks, before, after, new() { Threads = 1 + ranks.Rank, TakesFingerprints = true }));
        AssertSame(found, whole);
        if (rows == 257) Assert.That((whole.Degenerate > 20, whole.NonFinite > 1, whole.Unchanged > 1), Is.EqualTo((true, true, true)));
    }

    /// <summary>The golden case of NumPy: a rank by itself would name rows by a median of its own.</summary>
    [TestCase(2), TestCase(3)]
    public void Which_rows_were_nearly_zero_the_median_of_all_ranks_says(int size)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "row_categories.json")));
        JsonElement given = golden.RootElement.GetProperty("cases").EnumerateArray()
            .Single(c => c.GetProperty("name").GetString() == "global_median");
        string[] expected = [.. given.GetProperty("expected").GetProperty("categories_upper").EnumerateArray().Select(c => c.GetString()!)];
        using Checkpoint file = Checkpoint.Open(SharedData.Path("systems", given.GetProperty("file").GetString()!));
        RowMatrix before = RowMatrix.FromTensor(file.GetTensor("base")), after = RowMatrix.FromTensor(file.GetTensor("tuned"));
        RowScanResult found = ThreadRanks.Run(size, ranks => RowScan.Run(ranks, before, after, new() { Threads = 1 }))[0]!;
        Assert.That(found.Rows.Select(row => row.State == RowState.NonFinite ? "non_finite" : row.State.ToString().ToLowerInvariant()),
            Is.EqualTo(expected));
        Assert.That(found.BaseFingerprint, Is.Null, "nobody asked");
    }

    [Test]
    public void Pairs_of_a_resized_vocabulary_are_found_as_well([Values] bool byText)
    {
        const int Rows = 90, More = 7;
        RowMatrix before = Noise(Rows, ElementType.F32, 1), after = Noise(Rows + More, ElementType.F32, 2);
        RowPairing pairing = byText
            ? RowPairing.Of([.. Enumerable.Range(0, Rows).Select(row => row % 11 == 3 ? -1 : Rows + More - 1 - row)], Rows + More)
            : RowPairing.ById(Rows, Rows + More);
        RowScanOptions options = new() { Threads = 1, Pairing = pairing, TakesFingerprints = true };
        RowScanResult whole = RowScan.Run(before, after, options);
        RowScanResult?[] found = ThreadRanks.Run(4, ranks => RowScan.Run(ranks, before, after, options));
        AssertSame(found, whole);
        Assert.That(found[0]!.AddedNorms, Is.EqualTo(whole.AddedNorms));
        int[] rows = [.. Enumerable.Range(0, Rows)];
        Assert.That(rows.Select(found[0]!.Pairing.TunedOf), Is.EqualTo(rows.Select(pairing.TunedOf)));
    }

    /// <summary>Results of more rows than an array of bytes holds are gathered in stretches; here of a few.</summary>
    [TestCase(1), TestCase(7), TestCase(100), TestCase(1000)]
    public void Results_come_in_stretches_of_rows(int rowsAtOnce)
    {
        RowMatrix before = Noise(100, ElementType.F32, 1), after = Noise(100, ElementType.F32, 2);
        RowScanResult?[] found = ThreadRanks.Run(3, ranks => RankedRowScan.Join(ranks,
            RowScan.RunPart(before, after, RowRange.OfPart(100, ranks.Rank + 1, 3), new() { Threads = 1 }), rowsAtOnce));
        AssertSame(found, RowScan.Run(before, after, new() { TakesFingerprints = true }));
    }

    [Test]
    public void Ranks_that_scan_other_tensors_are_named()
    {
        RowMatrix before = Noise(10, ElementType.F32, 1), after = Noise(10, ElementType.F32, 2), other = Noise(10, ElementType.BF16, 2);
        Assert.That(() => ThreadRanks.Run(2, ranks => RowScan.Run(ranks, before, ranks.Rank == 0 ? after : other, new() { Threads = 1 })),
            Throws.InvalidOperationException.With.InnerException.TypeOf<InvalidDataException>().With.InnerException.Message.Contains(
                "rank 1: its tuned tensor is BF16 [10,40], that of rank 0 is F32 [10,40]"));
    }

    [Test]
    public void A_rank_reads_no_rows_but_its_own()
    {
        const int Rows = 60;
        Watched[] seen = [new(), new(), new()];
        ThreadRanks.Run(3, ranks =>
        {
            RowMatrix read = RowMatrix.FromTensor(Tensor.InMemory("t", [Rows, Width], seen[ranks.Rank]));
            return RowScan.Run(ranks, read, Noise(Rows, ElementType.F32, 2), new() { Threads = 1 });
        });
        Assert.That(seen.Select(rank => (rank.First, rank.End)), Is.EqualTo(new[] { (0L, 20L), (20, 40), (40, 60) }));
    }

    private static void AssertSame(RowScanResult?[] found, RowScanResult whole)
    {
        Assert.That(found.Skip(1), Is.All.Null);
        RowScanResult first = found[0]!;
        Assert.That(first.Rows, Is.EqualTo(whole.Rows));
        Assert.That((first.BaseFingerprint, first.TunedFingerprint, first.Changed, first.Degenerate, first.LargestCount), Is.EqualTo(
            (whole.BaseFingerprint, whole.TunedFingerprint, whole.Changed, whole.Degenerate, whole.LargestCount)));
    }

    /// <summary>Noise; every seventh row nearly zero, every ninth without a change, some with a NaN.</summary>
    private static RowMatrix Noise(int rows, ElementType type, int seed)
    {
        List<byte> bytes = [];
        for (int row = 0; row < rows; row++)
        {
            SplitMix64 random = new((ulong)(row % 9 == 4 ? row : (row * 7) + (seed * 1_000_003)));
            float scale = row % 7 == 5 ? 1e-6f : 1;
            float[] values = [.. Enumerable.Range(0, Width).Select(_ => scale * ((random.Next() >> 40) / (float)(1 << 24) - 0.5f))];
            if (row % 97 == 50) values[row % Width] = float.NaN;
            bytes.AddRange(RowRounding.ToBytes(values, type));
        }
        return RowMatrix.FromMemory(bytes.ToArray(), type, rows, Width);
    }

    /// <summary>Rows of one value each, that tell which of them were read.</summary>
    private sealed class Watched : IComputedRows
    {
        private readonly Lock _gate = new();

        public long First { get; private set; } = long.MaxValue;

        public long End { get; private set; }

        public void Compute(long first, int count, Span<byte> target)
        {
            target.Clear();
            lock (_gate) (First, End) = (Math.Min(First, first), Math.Max(End, first + count));
        }
    }
}
