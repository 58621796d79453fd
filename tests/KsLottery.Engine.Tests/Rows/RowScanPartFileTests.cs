using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

public sealed class RowScanPartFileTests : IDisposable
{
    private const int Rows = 40, Width = 16;

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("a.part");

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_part_comes_back_from_its_file_in_every_bit([Values] bool byText, [Values(0, 13)] int count)
    {
        RowScanPart part = Scan(new(5, count), byText);
        part.Write(Path);
        RowScanPart read = RowScanPart.Read(Path);
        Assert.That(read.Rows, Is.EqualTo(part.Rows));
        Assert.That((read.Path, read.Range, read.BaseName, read.TunedName, read.Width, read.Kernel, read.Version),
            Is.EqualTo((Path, part.Range, part.BaseName, part.TunedName, Width, part.Kernel, part.Version)));
        Assert.That((read.BaseType, read.TunedType, read.BaseRows, read.TunedRows, read.Threads, read.Elapsed),
            Is.EqualTo((part.BaseType, part.TunedType, part.BaseRows, part.TunedRows, part.Threads, part.Elapsed)));
        Assert.That((read.BaseShape, read.TunedShape), Is.EqualTo((part.BaseShape, part.TunedShape)));
        Assert.That((read.TunedOf, read.AddedNorms), Is.EqualTo((part.TunedOf, part.AddedNorms)));
        Assert.That((read.BaseHashes, read.TunedHashes), Is.EqualTo((part.BaseHashes, part.TunedHashes)));
        read.Write(_folder.File("again"));
        Assert.That(File.ReadAllBytes(_folder.File("again")), Is.EqualTo(File.ReadAllBytes(Path)));
    }

    [Test]
    public void Parts_from_files_are_one_scan_and_refusals_name_the_files()
    {
        foreach ((string name, int first, int count) in new[] { ("1", 0, 20), ("2", 20, 20), ("3", 10, 20) })
            Scan(new(first, count)).Write(_folder.File(name));
        RowScanPart Part(string name) => RowScanPart.Read(_folder.File(name));
        RowScanResult whole = RowScan.Run(Matrix(1), Matrix(2), new() { TakesFingerprints = true });
        RowScanResult joined = RowScanResult.Of([Part("2"), Part("1")]);
        Assert.That(joined.Rows, Is.EqualTo(whole.Rows));
        Assert.That((joined.BaseFingerprint, joined.TunedFingerprint), Is.EqualTo((whole.BaseFingerprint, whole.TunedFingerprint)));
        Assert.That(() => RowScanResult.Of([Part("1"), Part("3"), Part("2")]), Throws.TypeOf<InvalidDataException>().With.Message
            .StartsWith($"{_folder.File("3")} and {_folder.File("1")}: both hold rows 10 to 19."));
        Assert.That(() => RowScanResult.Of([Part("2")]), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains(_folder.File("2")));
        RowScan.RunPart(Matrix(1), Matrix(2, ElementType.BF16), new(20, 20)).Write(_folder.File("other"));
        Assert.That(() => RowScanResult.Of([Part("1"), Part("other")]), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains(_folder.File("1")).And.Message.Contains(_folder.File("other")).And.Message.Contains("BF16 [40,16]"));
        Damage(_folder.File("2"), metadata => metadata["version"] = "0.0.1");
        Assert.That(() => RowScanResult.Of([Part("1"), Part("2")]), Throws.TypeOf<InvalidDataException>().With.Message
            .StartsWith($"{_folder.File("2")}: its version of kslottery is 0.0.1, that of {_folder.File("1")} is "));
        Damage(_folder.File("3"), metadata => metadata["base_scale_fingerprint"] = "sha256:1");
        Assert.That(() => RowScanResult.Of([Part("1"), Part("3")]), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains("its base's scale is sha256:1"));
    }

    [Test]
    public void The_time_comes_back_to_the_tick([Values(0L, 1L, 1378L, 36_012_345_678L, 1L << 50)] long ticks)
    {
        Scan(new(0, 1)).Write(Path);
        foreach (long tick in Enumerable.Range(0, 100).Select(i => ticks + i))
        {
            string seconds = TimeSpan.FromTicks(tick).TotalSeconds.ToString("R", CultureInfo.InvariantCulture);
            Damage(Path, metadata => metadata["seconds"] = seconds);
            Assert.That(RowScanPart.Read(Path).Elapsed.Ticks, Is.EqualTo(tick));
        }
    }

    [Test]
    public void A_row_takes_42_bytes_and_a_block_32()
    {
        Scan(new(0, Rows)).Write(Path);
        using SafetensorsFile file = SafetensorsFile.Open(Path);
        Assert.That(file.Length - file.DataOffset, Is.EqualTo((42 * Rows) + (2 * 32)));
        Assert.That(file.Tensors.Select(t => $"{t.Name} {t.DtypeName}"), Is.EquivalentTo(new[]
        {
            "h I32", "sign I8", "state U8", "location F32", "base_norm F64", "tuned_norm F64", "l2_delta F64", "cosine F64",
            "added_norms F64", "base_blocks U8", "tuned_blocks U8",
        }));
    }

    [TestCase("format", "other", "no part of a scan")]
    [TestCase("format_version", "3", "reads \"1\" and \"2\"")]
    [TestCase("block_bytes", "4096", "hashes 1048576")]
    [TestCase("base_dtype", "F31", "base_dtype is \"F31\"")]
    [TestCase("base_shape", "40,16", "base_shape is \"40,16\"")]
    [TestCase("base_shape", "[40,17]", "rows of width 16")]
    [TestCase("tuned_shape", "[9223372036854775807,16]", "tuned_shape")]
    [TestCase("width", "0", "from 1 to")]
    [TestCase("first_row", "31", "from 0 to 30")]
    [TestCase("first_row", "-1", "from 0 to 30")]
    [TestCase("pairs", "text", "no tensor \"tuned_rows\"")]
    [TestCase("pairs", "both", "allowed are \"id\" and \"text\"")]
    [TestCase("threads", "none", "whole number")]
    [TestCase("seconds", "nan", "number from 0")]
    [TestCase("kernel", null, "has no \"kernel\"")]
    public void Metadata_that_makes_no_sense_is_refused(string key, string? value, string message)
    {
        Scan(new(0, 10)).Write(Path);
        Damage(Path, metadata =>
        {
            if (value is null) metadata.Remove(key);
            else metadata[key] = value;
        });
        Assert.That(() => RowScanPart.Read(Path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message)
            .And.Message.StartsWith(Path).And.Message.Contains($"{Remedy.ScanPart}"));
    }

    [TestCase("h", 17, "row 0 of h is 17, allowed are -1 to 16")]
    [TestCase("sign", 2, "row 0 of sign is 2")]
    [TestCase("state", 5, "row 0 of state is 5")]
    [TestCase("base_blocks", null, "no tensor \"base_blocks\"")]
    [TestCase("location", null, "no tensor \"location\"")]
    public void Values_that_no_scan_gives_are_refused(string name, int? value, string message)
    {
        Scan(new(0, 10)).Write(Path);
        Damage(Path, _ => { }, name, value is { } given ? (byte)given : null);
        Assert.That(() => RowScanPart.Read(Path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
    }

    [Test]
    public void A_file_that_is_cut_short_or_stands_in_the_way_is_refused()
    {
        Scan(new(0, 10)).Write(Path);
        byte[] bytes = File.ReadAllBytes(Path);
        RowScanPartFile.ThrowIfTaken(Path, replace: true);
        Assert.That(() => RowScanPartFile.ThrowIfTaken(Path, replace: false), Throws.TypeOf<IOException>().With.Message
            .Contains($"{Remedy.Replace}"));
        File.WriteAllBytes(Path, bytes[..^1]);
        Assert.That(() => RowScanPart.Read(Path), Throws.TypeOf<CheckpointFormatException>());
        Assert.That(() => RowScanPartFile.ThrowIfTaken(Path, replace: true), Throws.TypeOf<IOException>().With.Message
            .Contains("which is no part of a scan"));
        Assert.That(() => RowScanPartFile.ThrowIfTaken(_folder.Path, replace: true), Throws.TypeOf<IOException>());
        Assert.That(() => RowScanPartFile.ThrowIfTaken(_folder.File("none/a"), replace: false),
            Throws.TypeOf<DirectoryNotFoundException>());
    }

    [Test]
    public void A_part_whose_checksum_is_wrong_is_refused_by_its_name_and_one_without_is_remarked()
    {
        RowScanPart part = Scan(new(0, 10));
        part.Write(Path);
        Assert.That(RowScanPart.Read(Path).Notes, Is.Empty);
        byte[] whole = File.ReadAllBytes(Path);
        using (SafetensorsFile file = SafetensorsFile.Open(Path))
            foreach (Tensor tensor in file.Tensors.Where(t => t.ByteLength > 0))
            {
                byte[] damaged = [.. whole];
                damaged[tensor.FileOffset + tensor.ByteLength - 1] ^= 1;
                File.WriteAllBytes(_folder.File("damaged"), damaged);
                CheckpointFormatException refusal = Assert.Throws<CheckpointFormatException>(() =>
                    RowScanPart.Read(_folder.File("damaged")))!;
                Assert.That((refusal.Kind, refusal.Message.StartsWith(_folder.File("damaged"), StringComparison.Ordinal)),
                    Is.EqualTo((CheckpointDefect.WrongChecksum, true)), tensor.Name);
            }
        // The last one that was damaged holds hashes, whose values have no range of their own.
        Assert.That(RowScanPart.Read(_folder.File("damaged"), new() { IgnoresChecksum = true }).Notes.Single(),
            Does.EndWith("It was ignored, as asked."));
        Damage(Path, metadata =>
        {
            metadata.Remove(ContentChecksum.Key);
            metadata["format_version"] = "1";
        });
        RowScanPart first = RowScanPart.Read(Path);
        Assert.That(first.Notes.Single(), Does.StartWith(Path).And.Contain("has no checksum"));
        Assert.That(first.Rows, Is.EqualTo(part.Rows));
    }

    private static RowScanPart Scan(RowRange range, bool byText = false)
    {
        int[] tunedOf = [.. Enumerable.Range(0, Rows).Select(row => row % 3 == 0 ? -1 : Rows - row)];
        return RowScan.RunPart(Matrix(1), Matrix(2), range, new() { Pairing = byText ? RowPairing.Of(tunedOf, Rows) : null });
    }

    private static RowMatrix Matrix(int seed, ElementType type = ElementType.F32)
    {
        SplitMix64 random = new((ulong)seed);
        float[] values = [.. Enumerable.Range(0, Rows * Width).Select(_ => (float)random.NextNormal())];
        (values[3], values[200]) = (float.NaN, float.PositiveInfinity);
        byte[] bytes = type == ElementType.F32 ? MemoryMarshal.AsBytes(values.AsSpan()).ToArray() : RowRounding.ToBytes(values, type);
        return RowMatrix.FromMemory(bytes, type, Rows, Width);
    }

    /// <summary>Writes a file again with other metadata, and with another first value of a tensor, or without it.</summary>
    private static void Damage(string path, Action<Dictionary<string, string>> change, string? tensor = null, byte? value = null)
    {
        Dictionary<string, string> metadata;
        List<TensorSource> tensors = [];
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            metadata = new(file.Metadata);
            foreach (Tensor kept in file.Tensors)
            {
                byte[] bytes = kept.GetBytes(0, (int)kept.ByteLength, []).ToArray();
                if (kept.Name == tensor && value is null) continue;
                if (kept.Name == tensor)
                {
                    bytes.AsSpan(0, kept.ElementType.ByteSize()).Clear();
                    bytes[0] = value!.Value;
                }
                tensors.Add(TensorSource.FromBytes(kept.Name, kept.ElementType, kept.Shape, bytes));
            }
        }
        change(metadata);
        if (metadata.ContainsKey(ContentChecksum.Key)) metadata[ContentChecksum.Key] = ContentChecksum.Of(metadata, tensors, default);
        SafetensorsWriter.Write(path, tensors, metadata);
    }
}
