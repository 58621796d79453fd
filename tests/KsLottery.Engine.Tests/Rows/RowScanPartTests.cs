using System.Runtime.CompilerServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Parts of a scan, joined, are the scan: numbers, states and fingerprints.</summary>
public sealed class RowScanPartTests
{
    private const int Width = 700, Rows = 3001;

    private static readonly int[] OddBorders = [1, 7, 373, 374, 375, 1500, 2900];

    /// <summary>Rows that a NumPy program named, by the median of all of them.</summary>
    [TestCase("global_median"), TestCase("median_rule"), TestCase("median_zero")]
    public void Joined_parts_name_rows_as_the_whole_does(string name)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "row_categories.json")));
        JsonElement given = golden.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        JsonElement expected = given.GetProperty("expected");
        string[] categories = [.. expected.GetProperty("categories_upper").EnumerateArray().Select(c => c.GetString()!)];
        int?[] counts = [.. expected.GetProperty("ks_count").EnumerateArray().Select(c =>
            c.ValueKind == JsonValueKind.Number ? c.GetInt32() : (int?)null)];
        Assert.That((categories.Length, counts.Length), Is.EqualTo((100, 100)));
        using Checkpoint file = Checkpoint.Open(SharedData.Path("systems", given.GetProperty("file").GetString()!));
        RowMatrix before = RowMatrix.FromTensor(file.GetTensor("base")), after = RowMatrix.FromTensor(file.GetTensor("tuned"));
        int[] splits = [.. given.GetProperty("splits").EnumerateArray().Select(s => s.GetProperty("split_at").GetInt32())];
        Assert.That(splits, Is.Not.Empty);

        foreach (int[] borders in (int[][])[[], splits, .. splits.Select(s => (int[])[s])])
        {
            RowScanResult joined = Join(before, after, borders);
            Assert.That(joined.Rows.Select(r => Category(r.State)), Is.EqualTo(categories), string.Join(' ', borders));
            for (int row = 0; row < counts.Length; row++)
                if (counts[row] is { } count) Assert.That(joined.Rows[row].Count, Is.EqualTo(count), $"row {row}");
        }
        // Each part by itself names rows otherwise, so that the median of all does decide.
        if (name != "median_zero")
            Assert.That(RowScan.Run(before.Slice(splits[0], 100 - splits[0]), after.Slice(splits[0], 100 - splits[0])).Rows
                .Select(r => Category(r.State)).SequenceEqual(categories[splits[0]..])
                && RowScan.Run(before.Slice(0, splits[0]), after.Slice(0, splits[0])).Rows
                .Select(r => Category(r.State)).SequenceEqual(categories[..splits[0]]), Is.False);
    }

    [Test]
    public void Any_parts_give_every_bit_of_the_whole(
        [Values(ElementType.F32, ElementType.BF16)] ElementType type, [Values(ElementType.F32, ElementType.F16)] ElementType tunedType)
    {
        RowMatrix before = Noise(Rows, type, 1), after = Noise(Rows, tunedType, 2);
        RowScanResult whole = RowScan.Run(before, after);
        Assert.That((whole.Degenerate > 100, whole.Unchanged + whole.NonFinite > 0), Is.EqualTo((true, true)));
        Assert.That(whole.BaseFingerprint, Is.Null, "nobody asked");
        (string basePrint, string tunedPrint) = (FingerprintOf(before), FingerprintOf(after));

        foreach (int threads in (int[])[1, 2, 5])
        {
            RowScanResult printed = RowScan.Run(before, after, new() { Threads = threads, TakesFingerprints = true });
            Assert.That((printed.BaseFingerprint, printed.TunedFingerprint), Is.EqualTo((basePrint, tunedPrint)), $"{threads} threads");
            Assert.That(printed.Rows, Is.EqualTo(whole.Rows));
        }
        foreach (int[] borders in (int[][])[OddBorders, [1498], [1049], [.. Enumerable.Range(1, 6).Select(i => Rows * i / 7)]])
        {
            RowScanResult joined = Join(before, after, borders);
            Assert.That(joined.Rows, Is.EqualTo(whole.Rows));
            Assert.That((joined.BaseFingerprint, joined.TunedFingerprint), Is.EqualTo((basePrint, tunedPrint)));
            Assert.That((joined.Changed, joined.Degenerate, joined.LargestCount),
                Is.EqualTo((whole.Changed, whole.Degenerate, whole.LargestCount)));
        }
    }

    /// <summary>A block that is the same in both is hashed once; wherever a byte differs, it is not.</summary>
    [TestCase(700), TestCase(1024)]
    public void Tensors_that_are_mostly_the_same_keep_their_fingerprints(int width)
    {
        const int Few = 1300;
        byte[] bytes = new byte[Few * width * 4];
        new Random(5).NextBytes(bytes);
        RowMatrix before = RowMatrix.FromMemory(bytes, ElementType.F32, Few, width);
        string basePrint = FingerprintOf(before);
        foreach (int place in (int[])[-1, 0, 600_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 2000, (3 << 20) - 5, bytes.Length - 1])
        {
            byte[] other = [.. bytes];
            if (place >= 0) other[place] ^= 1;
            RowMatrix after = RowMatrix.FromMemory(other, ElementType.F32, Few, width);
            foreach (int[] borders in (int[][])[[], [374], [1299]])
            {
                RowScanResult scan = Join(before, after, borders);
                Assert.That((scan.BaseFingerprint, scan.TunedFingerprint), Is.EqualTo((basePrint, FingerprintOf(after))), $"byte {place}");
                Assert.That(scan.BaseFingerprint == scan.TunedFingerprint, Is.EqualTo(place < 0));
            }
        }
    }

    [Test]
    public void Files_mapped_or_not_have_the_same_fingerprints([Values] bool useMemoryMap, [Values(1, 2)] int parts)
    {
        using TemporaryFolder folder = new();
        foreach ((string name, int seed) in new[] { ("a", 1), ("b", 2) })
            SafetensorsWriter.Write(folder.File(name), [TensorSource.FromBytes("odd", ElementType.U8, [3], new byte[3]),
                TensorSource.FromBytes("e", ElementType.F32, [Rows, Width], Bytes(Rows, ElementType.F32, seed))]);
        using SafetensorsFile a = SafetensorsFile.Open(folder.File("a"), new() { UseMemoryMap = useMemoryMap });
        using SafetensorsFile b = SafetensorsFile.Open(folder.File("b"), new() { UseMemoryMap = useMemoryMap });
        Tensor before = a.GetTensor("e"), after = b.GetTensor("e");
        RowScanResult scan = Join(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after), parts == 1 ? [] : [1000]);
        Assert.That((scan.BaseFingerprint, scan.TunedFingerprint), Is.EqualTo((Fingerprint.OfTensor(before, FingerprintKind.Tree),
            Fingerprint.OfTensor(after, FingerprintKind.Tree))));
    }

    /// <summary>Rows that are widened as they are read are fingerprinted as they are stored.</summary>
    [Test]
    public void Types_that_are_not_native_join_by_their_stored_bytes([Values] bool hasScale)
    {
        const int Few = 1500;
        using TemporaryFolder folder = new();
        foreach ((string name, int seed) in new[] { ("a", 1), ("b", 2) })
        {
            byte[] codes = [.. Bytes(Few, ElementType.F32, seed).Where((_, i) => i % 4 == 1)];
            SafetensorsWriter.Write(folder.File(name + ".safetensors"), [TensorSource.FromBytes("e", ElementType.I8, [Few, Width], codes),
                .. hasScale ? [TensorSource.FromBytes("e_scale", ElementType.F32, [1], new byte[] { 0, 0, 0, 63 })] : (TensorSource[])[]]);
        }
        using Checkpoint a = Checkpoint.Open(folder.File("a.safetensors")), b = Checkpoint.Open(folder.File("b.safetensors"));
        Tensor before = a.GetTensor("e"), after = b.GetTensor("e");
        RowMatrix first = RowMatrix.FromTensor(before), second = RowMatrix.FromTensor(after);
        RowScanResult joined = Join(first, second, [3, 800]);
        Assert.That(joined.Rows, Is.EqualTo(RowScan.Run(first, second).Rows));
        Assert.That((joined.BaseType, joined.BaseFingerprint, joined.TunedFingerprint), Is.EqualTo((ElementType.I8,
            Fingerprint.OfTensor(before, FingerprintKind.Tree), Fingerprint.OfTensor(after, FingerprintKind.Tree))));
        Assert.That(joined.BaseScaleFingerprint, hasScale ? Is.EqualTo(Fingerprint.OfTensor(a.GetTensor("e_scale"))) : Is.Null);
        RowScanPart part = RowScan.RunPart(first, second, new(0, 10));
        part.Write(folder.File("part"));
        Assert.That(RowScanPart.Read(folder.File("part")).TunedScaleFingerprint, Is.EqualTo(part.TunedScaleFingerprint));
    }

    [Test]
    public void Pairs_of_a_resized_vocabulary_join_as_well([Values] bool byText, [Values(2, 3, 7, 4000)] int parts)
    {
        RowMatrix before = Noise(Rows, ElementType.F32, 1), after = Noise(Rows + 41, ElementType.F32, 2);
        RowPairing pairing = byText
            ? RowPairing.Of([.. Enumerable.Range(0, Rows).Select(row => row % 11 == 3 ? -1 : Rows + 40 - row)], Rows + 41)
            : RowPairing.ById(Rows, Rows + 41);
        RowScanResult whole = RowScan.Run(before, after, new() { Pairing = pairing });
        RowScanResult joined = RowScanResult.Of([.. Enumerable.Range(1, parts).Select(part =>
            RowScan.RunPart(before, after, RowRange.OfPart(Rows, part, parts), new() { Pairing = pairing }))]);
        Assert.That(joined.Rows, Is.EqualTo(whole.Rows));
        Assert.That(joined.AddedNorms, Is.EqualTo(whole.AddedNorms));
        Assert.That((joined.Pairing.IsById, joined.Pairing.TunedRows, joined.Dropped),
            Is.EqualTo((!byText, Rows + 41, byText ? 273L : 0)));
        int[] rows = [.. Enumerable.Range(0, Rows)];
        Assert.That(rows.Select(joined.Pairing.TunedOf), Is.EqualTo(rows.Select(pairing.TunedOf)));
        Assert.That((joined.BaseFingerprint, joined.TunedFingerprint), Is.EqualTo((FingerprintOf(before), FingerprintOf(after))));
    }

    [Test]
    public void Parts_that_are_no_whole_are_refused_with_both_named()
    {
        RowMatrix before = Noise(10, ElementType.F32, 1), after = Noise(10, ElementType.F32, 2), other = Noise(10, ElementType.BF16, 2);
        RowScanPart Part(long first, long count, RowMatrix? tuned = null) => RowScan.RunPart(before, tuned ?? after, new(first, count));

        Refused([], "Give all");
        Refused([Part(0, 6), Part(5, 5)], "part of rows 5 to 9 and the part of rows 0 to 5: both hold rows 5 to 5");
        Refused([Part(0, 10), Part(2, 3)], "both hold rows 2 to 4");
        Refused([Part(7, 3), Part(0, 6)], "part of rows 0 to 5 and the part of rows 7 to 9: rows 6 to 6 lie between them");
        Refused([Part(1, 9)], "the beginning and the part of rows 1 to 9: rows 0 to 0");
        Refused([Part(0, 9)], "ends before row 9 of 10");
        Refused([Part(0, 5), Part(5, 5, other)], "its tuned tensor is BF16 [10,700], that of the part of rows 0 to 4 is F32 [10,700]");
        Assert.That(() => RowScan.RunPart(before.Slice(0, 9), after.Slice(0, 9), new(0, 3)), Throws.ArgumentException
            .With.Message.Contains("whole"));
        Assert.That(() => RowScan.RunPart(before, after, new(8, 3)), Throws.TypeOf<ArgumentOutOfRangeException>());

        static void Refused(RowScanPart[] parts, string reason) =>
            Assert.That(() => RowScanResult.Of(parts), Throws.TypeOf<InvalidDataException>().With.Message.Contains(reason));
    }

    [Test]
    public void A_joined_part_stays_unmarked()
    {
        RowScanPart part = RowScan.RunPart(Noise(300, ElementType.F32, 1), Noise(300, ElementType.F32, 2), new(0, 300));
        RowResult[] rows = [.. part.Rows];
        Assert.That(RowScanResult.Of([part]).Rows, Is.Not.EqualTo(rows));
        Assert.That(part.Rows, Is.EqualTo(rows));
    }

    [Test]
    public void Ranges_of_parts_cover_all_rows_once([Values(0, 1, 5, 100, 101)] long rows, [Values(1, 2, 3, 7)] int parts)
    {
        RowRange[] ranges = [.. Enumerable.Range(1, parts).Select(part => RowRange.OfPart(rows, part, parts))];
        Assert.That(ranges.SelectMany(r => Enumerable.Range((int)r.First, (int)r.Count)), Is.EqualTo(Enumerable.Range(0, (int)rows)));
        Assert.That((int)(ranges.Max(r => r.Count) - ranges.Min(r => r.Count)), Is.InRange(0, 1));
        Assert.That(() => RowRange.OfPart(rows, parts + 1, parts), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_slice_has_its_rows_and_no_others()
    {
        RowMatrix matrix = RowMatrix.FromMemory(new byte[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, ElementType.BF16, 5, 1);
        RowMatrix slice = matrix.Slice(1, 3), inner = slice.Slice(1, 2), chosen = matrix.Choose([4, 0, 2]).Slice(1, 2);
        Assert.That((slice.RowCount, inner.FirstRow), Is.EqualTo((3L, 2L)));
        Assert.That(inner.GetRows(0, 2, []).ToArray(), Is.EqualTo(new byte[] { 4, 5, 6, 7 }));
        Assert.That(chosen.GetRows(0, 2, new byte[4]).ToArray(), Is.EqualTo(new byte[] { 0, 1, 4, 5 }));
        foreach ((long first, long count) in new[] { (-1L, 1L), (0, -1), (4, 2), (6, 0) })
            Assert.That(() => matrix.Slice(first, count), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 4"));
    }

    [Test]
    public void A_result_has_no_padding_and_keeps_its_values()
    {
        Assert.That(Unsafe.SizeOf<RowResult>(), Is.EqualTo(40));
        foreach (int count in (int[])[-1, 0, 1, 65_536])
            foreach (sbyte sign in (sbyte[])[-1, 0, 1])
                foreach (RowState state in Enum.GetValues<RowState>())
                {
                    RowResult row = new(count, sign, state, 1.5f, 1, 2, 3, 4);
                    Assert.That((row.Count, row.Sign, row.State, row.Location), Is.EqualTo((count, sign, state, 1.5f)));
                    row = row with { State = RowState.Degenerate, Sign = 1, Count = 7 };
                    Assert.That((row.Count, row.Sign, row.State, row.Cosine), Is.EqualTo((7, (sbyte)1, RowState.Degenerate, 4.0)));
                }
    }

    private static RowScanResult Join(RowMatrix before, RowMatrix after, int[] borders)
    {
        int[] starts = [0, .. borders.Order(), (int)before.RowCount];
        RowScanPart[] parts = [.. starts.Zip(starts.Skip(1)).Select(b =>
            RowScan.RunPart(before, after, new(b.First, b.Second - b.First), new() { Threads = 2 }))];
        return RowScanResult.Of([.. parts.Reverse()]);
    }

    private static string Category(RowState state) => state == RowState.NonFinite ? "non_finite" : state.ToString().ToLowerInvariant();

    private static string FingerprintOf(RowMatrix matrix)
    {
        FingerprintBlocks blocks = matrix.NewBlocks();
        blocks.TakeMissing(0, blocks.ByteLength, 1, default);
        return blocks.Root();
    }

    private static RowMatrix Noise(int rows, ElementType type, int seed) =>
        RowMatrix.FromMemory(Bytes(rows, type, seed), type, rows, Width);

    /// <summary>Noise; the first tenth of the rows nearly zero, every ninth without a change, some with a NaN.</summary>
    private static byte[] Bytes(int rows, ElementType type, int seed)
    {
        List<byte> bytes = new(rows * Width * 4);
        float[] row = new float[Width];
        for (int r = 0; r < rows; r++)
        {
            SplitMix64 random = new((ulong)(r % 9 == 4 ? r : (r * 7) + (seed * 1_000_003)));
            float scale = r < rows / 10 ? 1e-6f : 1;
            for (int i = 0; i < Width; i++) row[i] = scale * ((random.Next() >> 40) / (float)(1 << 24) - 0.5f);
            if (r % 97 == 50) row[r % Width] = float.NaN;
            bytes.AddRange(RowRounding.ToBytes(row, type));
        }
        return [.. bytes];
    }
}
