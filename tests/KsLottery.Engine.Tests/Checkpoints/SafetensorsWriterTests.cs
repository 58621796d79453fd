using System.Text;
using FsCheck;
using FsCheck.Fluent;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly object[] ReferenceFiles =
    [
        "models/hf/stories260K_hf/model.safetensors",
        "models/hf/stories260K_hf/model.bf16.safetensors", "models/hf/stories260K_hf/model.f16.safetensors",
        "models/hf/babyllama_tok105_hf/model.safetensors", "models/tuned-pairs/en-da_input_embedding_seed1/model.safetensors",
        "safetensors/sharded/model-00001-of-00006.safetensors", "safetensors/sharded/model-00002-of-00006.safetensors",
        "safetensors/sharded/model-00003-of-00006.safetensors", "safetensors/sharded/model-00004-of-00006.safetensors",
        "safetensors/sharded/model-00005-of-00006.safetensors", "safetensors/sharded/model-00006-of-00006.safetensors",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCaseSource(nameof(ReferenceFiles))]
    public void A_file_of_the_reference_writer_is_written_again_byte_for_byte(string name)
    {
        string original = SharedData.Path(name.Split('/'));

        Assert.That(File.ReadAllBytes(Rewrite(original)), Is.EqualTo(File.ReadAllBytes(original)));
    }

    // These come from tests of the reference reader, whose authors spelt the headers by hand.
    [TestCase("hf_i32_2x2", Description = "60 bytes of header, no multiple of 8: the writer pads to 64")]
    [TestCase("hf_empty_shape_scalar", Description = "56 bytes, and so the same")]
    [TestCase("hf_zero_sized_tensor", Description = "a space after a comma inside; the writer makes none")]
    [TestCase("hf_whitespace_leading", Description = "white space before the brace; the writer pads behind")]
    [TestCase("hf_whitespace_trailing", Description = "padded with other white space than spaces")]
    public void A_file_spelt_by_hand_differs_in_white_space_only(string name)
    {
        string original = SharedData.Path("safetensors", "valid", name + ".safetensors");
        using SafetensorsFile before = SafetensorsFile.Open(original);
        using SafetensorsFile after = SafetensorsFile.Open(Rewrite(original));

        Assert.That(WithoutSpace(after), Is.EqualTo(WithoutSpace(before)));
        Assert.That(after.DataOffset % 8, Is.Zero);
        Assert.That(after.Tensors.Select(t => Fingerprint.OfTensor(t)),
            Is.EqualTo(before.Tensors.Select(t => Fingerprint.OfTensor(t))));

        static string WithoutSpace(SafetensorsFile file) =>
            string.Concat(Encoding.UTF8.GetString(file.HeaderBytes).Where(c => !char.IsWhiteSpace(c)));
    }

    [Test]
    public void What_is_written_is_read_back() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(Files().ToArbitrary(), file =>
        {
            string path = _folder.File("round-trip.safetensors");
            SafetensorsWriter.Write(path, file.Tensors.Select(t => TensorSource.FromBytes(t.Name, t.Type, t.Shape, t.Bytes)),
                file.Metadata);
            using SafetensorsFile read = SafetensorsFile.Open(path);

            Assert.That(read.Metadata, Is.EquivalentTo(file.Metadata));
            Assert.That(read.DataOffset % 8, Is.Zero);
            Assert.That(read.Tensors.Select(t => t.Name), Is.EqualTo(file.Tensors.OrderByDescending(t => t.Type)
                .ThenBy(t => Convert.ToHexString(Encoding.UTF8.GetBytes(t.Name)), StringComparer.Ordinal).Select(t => t.Name)));
            foreach (Written tensor in file.Tensors)
            {
                Tensor back = read.GetTensor(tensor.Name);
                Assert.That((back.ElementType, back.ByteLength), Is.EqualTo((tensor.Type, (long)tensor.Bytes.Length)));
                Assert.That(back.Shape, Is.EqualTo(tensor.Shape));
                Assert.That(back.GetBytes(0, tensor.Bytes.Length, []).SequenceEqual(tensor.Bytes));
                if (tensor.Type.BitSize() is 16 or 32 or 64) Assert.That(back.FileOffset % tensor.Type.ByteSize(), Is.Zero, "alignment");
            }
        }));

    [Test]
    public void Names_and_metadata_are_escaped_as_little_as_json_allows()
    {
        string path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Bytes("q\"\\/\n\u0001é€😀\u2028", 1)],
            new Dictionary<string, string> { ["b"] = "\t", ["a"] = "\u001f" });
        using SafetensorsFile file = SafetensorsFile.Open(path);

        Assert.That(Encoding.UTF8.GetString(file.HeaderBytes).TrimEnd(' '), Is.EqualTo(
            "{\"__metadata__\":{\"a\":\"\\u001f\",\"b\":\"\\t\"},"
            + "\"q\\\"\\\\/\\n\\u0001é€😀\u2028\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"));
    }

    [Test]
    public void Names_are_ordered_by_their_utf8_bytes()
    {
        string path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Bytes("😀", 1), Bytes("\uFFFD", 1), Bytes("b", 1), Bytes("a.b", 1), Bytes("a", 1)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);

        Assert.That(file.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "a", "a.b", "b", "\uFFFD", "😀" }),
            "UTF-16 has the last two the other way");
    }

    [Test]
    public void Nothing_at_all_is_a_file_too()
    {
        SafetensorsWriter.Write(_folder.File("a.safetensors"), []);
        Assert.That(File.ReadAllBytes(_folder.File("a.safetensors")), Is.EqualTo("\b\0\0\0\0\0\0\0{}      "u8.ToArray()));
    }

    [TestCase(3)]
    [TestCase(5)]
    public void A_source_that_writes_another_number_of_bytes_is_refused_and_leaves_nothing(int written)
    {
        string path = _folder.File("a.safetensors");
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(
            () => SafetensorsWriter.Write(path, [new TensorSource("t", ElementType.U8, [4], s => s.Write(new byte[written]))]))!;

        Assert.That(e.Message, Does.Contain("\"t\"").And.Contain($"{written} bytes").And.Contain("take 4"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path), Is.Empty);
    }

    [Test]
    public void A_wrong_name_or_shape_is_refused_before_anything_is_written()
    {
        Assert.That(Refusal(Bytes("t", 1), Bytes("t", 1)), Does.Contain("two tensors"));
        Assert.That(Refusal(Bytes("__metadata__", 1)), Does.Contain("reserved"));
        Assert.That(Refusal(Bytes("\ud800", 1)), Does.Contain("surrogate"));
        Assert.That(Refusal(new TensorSource("t", ElementType.U8, [-1], _ => { })), Does.Contain("negative"));
        Assert.That(Refusal(new TensorSource("t", ElementType.U8, [1L << 62, 4], _ => { })), Does.Contain("overflows"));
        Assert.That(Refusal(new TensorSource("t", ElementType.F4, [3], _ => { })), Does.Contain("whole bytes"));
        Assert.That(Refusal(Bytes(new string('n', 100_000_000), 1)), Does.Contain("allowed are 100000000"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path), Is.Empty);

        string Refusal(params TensorSource[] sources) =>
            Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(_folder.File("a.safetensors"), sources))!.Message;
    }

    [Test]
    public void Cancelling_leaves_the_old_file_and_no_other()
    {
        string path = _folder.File("a.safetensors");
        File.WriteAllText(path, "old");
        using CancellationTokenSource cancel = new();
        TensorSource source = new("t", ElementType.U8, [8], stream =>
        {
            stream.WriteByte(1);
            cancel.Cancel();
            stream.WriteByte(2);
        });

        Assert.Throws<OperationCanceledException>(() => SafetensorsWriter.Write(path, [source], null, cancel.Token));
        Assert.That(File.ReadAllText(path), Is.EqualTo("old"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path).Count(), Is.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_large_tensor_is_copied_without_holding_it(bool map)
    {
        const long Length = 48 << 20;
        string source = _folder.File("large.safetensors");
        byte[] header = SafetensorsBytes.File(SafetensorsBytes.Json(("t", "F32", "[12582912]", 0, Length)));
        using (FileStream stream = File.Create(source))
        {
            stream.Write(header);
            stream.SetLength(header.Length + Length);
        }
        using SafetensorsFile file = SafetensorsFile.Open(source, new CheckpointOptions { UseMemoryMap = map });

        long before = GC.GetAllocatedBytesForCurrentThread();
        SafetensorsWriter.Write(_folder.File("copy.safetensors"), file.Tensors.Select(TensorSource.FromTensor));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(4 << 20));
        Assert.That(new FileInfo(_folder.File("copy.safetensors")).Length, Is.EqualTo(8 + 72 + Length));
    }

    private static TensorSource Bytes(string name, int count) => TensorSource.FromBytes(name, ElementType.U8, [count], new byte[count]);

    private string Rewrite(string original)
    {
        using SafetensorsFile file = SafetensorsFile.Open(original);
        string path = _folder.File("again.safetensors");
        SafetensorsWriter.Write(path, file.Tensors.Reverse().Select(TensorSource.FromTensor), file.Metadata);
        return path;
    }

    private static Gen<WrittenFile> Files()
    {
        Gen<string> text = Gen.OneOf(
            Gen.Elements("", "a", "b.weight", "\"", "\\", "\n\u0000", "é", "\uFFFD", "😀", "__metadata", "{}", "\u2028"),
            Gen.Choose(0x20, 0xD7FF).ArrayOf().Select(c => string.Concat(c.Select(x => (char)x))));
        Gen<Written> tensor =
            from name in text
            from type in Gen.Elements(ElementTypes.All.ToArray())
            from dimensions in Gen.Choose(0, 3).SelectMany(rank => Gen.Choose(0, 5).ArrayOf(rank))
            from fill in Gen.Choose(0, 255)
            select Make(name, type, dimensions, fill);
        return from tensors in Gen.Choose(0, 8).SelectMany(n => tensor.ArrayOf(n))
               from pairs in Gen.Choose(0, 3).SelectMany(n => Gen.Zip(text, text).ArrayOf(n))
               select new WrittenFile([.. tensors.DistinctBy(t => t.Name)],
                   pairs.DistinctBy(p => p.Item1).ToDictionary(p => p.Item1, p => p.Item2));

        static Written Make(string name, ElementType type, int[] dimensions, int fill)
        {
            // A last dimension of 4 makes 4- and 6-bit elements fill whole bytes.
            long[] shape = [.. dimensions.Select(d => (long)d), .. type.BitSize() < 8 ? [4L] : Array.Empty<long>()];
            long bytes = shape.Aggregate(1L, (product, d) => product * d) * type.BitSize() / 8;
            return new Written(name, type, shape, [.. Enumerable.Range(fill, (int)bytes).Select(i => (byte)(i * 7))]);
        }
    }

    private sealed record Written(string Name, ElementType Type, long[] Shape, byte[] Bytes);

    private sealed record WrittenFile(Written[] Tensors, Dictionary<string, string> Metadata);
}
