using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>composable-sft's form: what PyTorch wrote is read, what is written PyTorch reads, and nothing else is taken.</summary>
[TestFixture]
public class SparseFineTuningTests
{
    private static string Golden => Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden");

    [Test]
    public void Numbers_of_elements_are_those_of_the_golden_cases()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "sets.json")));
        int count = 0;
        foreach (JsonElement one in golden.RootElement.GetProperty("flat_index").EnumerateArray())
        {
            long[] shape = [.. one.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
            foreach (JsonElement element in one.GetProperty("expected").EnumerateArray())
            {
                long last = element.GetProperty("row_major").GetInt64(), first = element.GetProperty("first_fastest").GetInt64();
                Assert.That((FlatIndex.ToFirstFastest(last, shape), FlatIndex.FromFirstFastest(first, shape)), Is.EqualTo((first, last)));
                count++;
            }
        }
        Assert.That(count, Is.GreaterThan(50));
    }

    [Test]
    public void What_PyTorch_saved_becomes_a_patch_that_adds_the_same([Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        using TemporaryFolder folder = new();
        string basePath = MakeBase(folder, type);
        using (Checkpoint before = Checkpoint.Open(basePath))
            Assert.That(SparseFineTuning.ToPatch(Path.Combine(Golden, "sft_torch.bin"), before, folder.File("patch")).Parameters,
                Is.EqualTo(6 + 3 + 6));
        PatchApplication.Apply(basePath, folder.File("patch"), folder.File("applied"));
        using Checkpoint given = Checkpoint.Open(basePath), applied = Checkpoint.Open(folder.File("applied"));
        float[] w = ValuesOf(given, "w"), v = ValuesOf(given, "v");
        Assert.That(ValuesOf(applied, "w"), Is.EqualTo(Rounded([.. w.Select((value, i) =>
            value + (((7 * (i / 6)) + (3 * (i % 6))) % 4 == 0 ? (i + 1) / 8f : 0))], type)));
        Assert.That(ValuesOf(applied, "v"), Is.EqualTo(Rounded([.. v.Select((value, i) => value + (i % 3 == 1 ? -(i + 1) / 16f : 0))],
            type)));
        Assert.That(ValuesOf(applied, "whole"), Is.EqualTo(Enumerable.Range(0, 6).Select(i => i / 2f)));
        Assert.That(ValuesOf(applied, "none"), Is.EqualTo(ValuesOf(given, "none")));
        PatchApplication.Revert(folder.File("applied"), folder.File("patch"), folder.File("reverted"));
        Assert.That(File.ReadAllBytes(folder.File("reverted/model.safetensors")),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(basePath, "model.safetensors"))));
    }

    /// <summary>A patch, its sparse form and the patch of that hold the same differences, of delta bit for bit.</summary>
    [Test]
    public void What_is_written_is_read_again([Values(TicketPayload.Delta, TicketPayload.Replace)] TicketPayload payload)
    {
        using TemporaryFolder folder = new();
        string basePath = MakeBase(folder, ElementType.F32);
        using Checkpoint before = Checkpoint.Open(basePath);
        WritePatch(before, folder.File("patch.safetensors"), payload);
        using (TicketPatch patch = TicketPatch.Open(folder.File("patch.safetensors")))
            Assert.That(SparseFineTuning.Write(patch, folder.File("sft")), Is.EqualTo((9, 2)), "one difference of ten is 0");
        Assert.That(SparseFineTuning.Is(folder.File("sft")), Is.True);
        SparseFineTuning.ToPatch(folder.File("sft"), before, folder.File("again"));
        using TicketPatch first = TicketPatch.Open(folder.File("patch.safetensors")), second = TicketPatch.Open(folder.File("again"));
        Assert.That(second.Signature, Does.StartWith("composable-sft|file:sha256:"));
        foreach (PatchedTensor patched in second.Tensors)
        {
            PatchedTensor other = first.Tensors.Single(t => t.Name == patched.Name);
            float[] changes = All(other);
            Dictionary<long, float> expected = other.Mask.Units.Zip(changes).Where(c => c.Second != 0).ToDictionary();
            Assert.That(patched.Payload, Is.EqualTo(TicketPayload.Delta));
            Assert.That(patched.Mask.Units.Zip(All(patched)).ToDictionary(), Is.EqualTo(expected));
        }
        PatchApplication.Apply(basePath, folder.File("patch.safetensors"), folder.File("one"));
        PatchApplication.Apply(basePath, folder.File("again"), folder.File("two"));
        Assert.That(File.ReadAllBytes(folder.File("two/model.safetensors")),
            Is.EqualTo(File.ReadAllBytes(folder.File("one/model.safetensors"))));

        // Twice the same bytes, each storage at a multiple of 64, nothing compressed, as PyTorch lays it out.
        using (TicketPatch patch = TicketPatch.Open(folder.File("patch.safetensors"))) SparseFineTuning.Write(patch, folder.File("twice"));
        byte[] bytes = File.ReadAllBytes(folder.File("sft/pytorch_diff.bin"));
        Assert.That(File.ReadAllBytes(folder.File("twice/pytorch_diff.bin")), Is.EqualTo(bytes));
        using ZipArchive zip = ZipFile.OpenRead(folder.File("sft/pytorch_diff.bin"));
        Assert.That(zip.Entries.Select(e => e.FullName), Is.EqualTo(new[] { "pytorch_diff/version", "pytorch_diff/byteorder",
            "pytorch_diff/data/0", "pytorch_diff/data/1", "pytorch_diff/data.pkl" }));
        byte[] values = Contents(zip.Entries[2]);
        Assert.That(bytes.AsSpan().IndexOf(values) % 64, Is.Zero);
    }

    /// <summary>PyTorch itself opens it, with weights_only too, and the library's decoding gives the differences.</summary>
    [Test, Platform("Linux")]
    public void PyTorch_opens_what_is_written()
    {
        if (!File.Exists("/usr/lib/python3/dist-packages/torch/__init__.py")) Assert.Ignore("there is no python3-torch to read it with");
        using TemporaryFolder folder = new();
        using Checkpoint before = Checkpoint.Open(MakeBase(folder, ElementType.F32));
        WritePatch(before, folder.File("patch.safetensors"), TicketPayload.Delta);
        using TicketPatch patch = TicketPatch.Open(folder.File("patch.safetensors"));
        SparseFineTuning.Write(patch, folder.File("sft"));
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3",
            [Path.Combine(Golden, "make_sft_golden.py"), "--read", folder.File("sft/pytorch_diff.bin")])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd(), error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, error);
        using JsonDocument read = JsonDocument.Parse(output);
        foreach (PatchedTensor patched in patch.Tensors)
        {
            float[] dense = new float[patched.Mask.Grid.ElementCount];
            foreach ((long element, float change) in patched.Mask.Units.Zip(All(patched)))
                dense[element] = change;
            Assert.That(read.RootElement.GetProperty(patched.Name).EnumerateArray().Select(v => v.GetSingle()), Is.EqualTo(dense));
        }
    }

    [Test]
    public void What_composable_sft_would_not_read_back_is_not_written()
    {
        using TemporaryFolder folder = new();
        using Checkpoint before = Checkpoint.Open(MakeBase(folder, ElementType.F32));
        foreach ((string name, TicketPayload payload, string words) in ((string, TicketPayload, string)[])
            [("w", TicketPayload.Drop, "drop 24 elements"), ("cube", TicketPayload.Delta, "F32 [2,2,2]")])
        {
            Tensor tensor = before.GetTensor(name);
            UnitGrid grid = TicketUnit.Elements.Cut(tensor);
            TicketPatch.Write(folder.File("p.safetensors"), [new(tensor, new(name, grid, IndexSet.All(grid.Count)), payload)
            {
                Values = payload == TicketPayload.Drop ? (ReadOnlyMemory<float>?)null : new float[tensor.ElementCount],
            }], new() { Signature = "" });
            using TicketPatch patch = TicketPatch.Open(folder.File("p.safetensors"));
            Assert.That(() => SparseFineTuning.Write(patch, folder.File("sft")), Throws.TypeOf<NotSupportedException>().With.Message
                .Contains(words));
            Assert.That(Directory.Exists(folder.File("sft")), Is.False);
        }
    }

    private static IEnumerable<TestCaseData> Damages()
    {
        static TestCaseData Case(string name, Action<Dictionary<string, byte[]>> damage, string words) =>
            new TestCaseData(damage, words).SetName("{m}(" + name + ")");

        static Action<Dictionary<string, byte[]>> Pickle(params byte[] bytes) => entries => entries["a/data.pkl"] = bytes;

        static Action<Dictionary<string, byte[]>> Steps(params int[] steps) => entries => entries["a/data.pkl"] = Tuning(steps, 2);

        yield return Case("a call of the system", Pickle([0x80, 2, .. "cos\nsystem\n"u8, .. Text("true"), 0x85, (byte)'R', (byte)'.']),
            "byte 2 of the pickle data.pkl in it: it names \"os.system\", which is not read and never run; allowed are torch.Size");
        yield return Case("a builtin", Pickle([0x80, 2, .. "c__builtin__\neval\n."u8]), "\"__builtin__.eval\"");
        yield return Case("a name by the stack", Pickle(0x80, 2, 0x93), "opcode 0x93, which is not read; allowed are PROTO, MARK");
        yield return Case("a new object", Pickle([0x80, 2, .. "ctorch\nSize\n"u8, (byte)')', 0x81]), "opcode 0x81");
        yield return Case("protocol 4", Pickle(0x80, 4), "protocol 4");
        yield return Case("no pickle", Pickle(), "1 bytes should follow");
        yield return Case("a text beyond the end", Pickle(0x80, 2, (byte)'X', 255, 255, 255, 255),
            "4294967295 bytes should follow, there are 0");
        yield return Case("a number of many bytes", Pickle([0x80, 2, 0x8A, 200, .. new byte[200]]), "a whole number has 200 bytes");
        yield return Case("an empty stack", Pickle(0x80, 2, (byte)'R'), "a value is missing");
        yield return Case("no mark", Pickle(0x80, 2, (byte)'t'), "a mark is missing");
        yield return Case("nothing remembered", Pickle(0x80, 2, (byte)'h', 7), "nothing was remembered as 7");
        yield return Case("two values", Pickle(0x80, 2, (byte)'N', (byte)'N', (byte)'.'), "it ends with 2 values");
        yield return Case("bytes behind it", Pickle(0x80, 2, (byte)'N', (byte)'.', 0), "1 bytes behind it");
        yield return Case("a call of no name", Pickle(0x80, 2, (byte)'N', (byte)')', (byte)'R'), "what is called is no name");
        yield return Case("other arguments", Pickle([0x80, 2, .. "ctorch\nSize\n"u8, (byte)')', (byte)'R']),
            "Size is given other arguments");
        yield return Case("a change of a value", Pickle(0x80, 2, (byte)'}', (byte)'}', (byte)'b'), "changes a value after it was made");
        yield return Case("a key twice",
            Pickle([0x80, 2, (byte)'}', (byte)'(', .. Text("k"), (byte)'N', .. Text("k"), (byte)'N', (byte)'u']), "\"k\" stands twice");
        yield return Case("a storage of something else", Pickle([0x80, 2, (byte)'(', .. Text("storage"), .. "ctorch\nSize\n"u8,
            .. Text("0"), .. Text("cpu"), (byte)'K', 1, (byte)'t', (byte)'Q']), "Size is no storage");
        yield return Case("another id", Pickle([0x80, 2, .. Text("module"), 0x85, (byte)'Q']), "a persistent id is no storage");
        yield return Case("deep nesting", Pickle([0x80, 2, .. Enumerable.Repeat((byte)'(', 200_000)]), "values wait at once");
        yield return Case("a value that is dropped", Pickle(0x80, 2, (byte)'N', (byte)'0'), "opcode 0x30 ('0')");
        yield return Case("many objects", Pickle([0x80, 2, (byte)']', (byte)'q', 0, .. Enumerable.Range(0, 70_000).SelectMany(_ =>
            Enumerable.Repeat((byte)'}', 16).Prepend((byte)'(').Append((byte)'e'))]), "values that are no numbers");
        yield return Case("another root", Pickle(0x80, 2, (byte)'N', (byte)'.'), "something else than a dictionary of diffs and abs");
        yield return Case("another key", Pickle([0x80, 2, (byte)'}', .. Text("state"), (byte)'N', (byte)'s', (byte)'.']),
            "something else than");
        yield return Case("a negative step", Steps(3, -1), "step -1 at place 1 leads from element 3");
        yield return Case("a negative start", Steps(-2, 1), "step -2 at place 0");
        yield return Case("an element twice", Steps(3, 0), "step 0 at place 1");
        yield return Case("a step beyond the end", Steps(3, 21), "there are 24, and each stands once");
        yield return Case("a step that overflows", Steps(int.MaxValue, int.MaxValue), $"step {int.MaxValue} at place 0");
        yield return Case("too few steps", Steps(3), "1 index_steps and 2 values");
        yield return Case("a larger tensor", entries => entries["a/data.pkl"] = Tuning([3, 1], 2, columns: 7), "size [4,7], the base");
        yield return Case("a huge tensor", entries => entries["a/data.pkl"] = Tuning([3, 1], int.MaxValue),
            $"2 index_steps and {int.MaxValue}");
        yield return Case("a view beyond its storage", entries => entries["a/data.pkl"] = Tuning([3, 1], 2, offset: 1),
            "elements 1 to below 3");
        yield return Case("a short storage", entries => entries["a/data/0"] = new byte[7], "whose entry has 7 bytes");
        yield return Case("no storage", entries => entries.Remove("a/data/0"), "no entry \"a/data/0\"");
        yield return Case("big-endian", entries => entries["a/byteorder"] = "big"u8.ToArray(), "not little-endian");
        yield return Case("two pickles", entries => entries["b/data.pkl"] = [], "2 entries data.pkl");
        yield return Case("no tensor of the base", entries => entries["a/data.pkl"] = Tuning([3, 1], 2, name: "absent"), "absent");
    }

    [TestCaseSource(nameof(Damages))]
    public void What_is_damaged_or_no_sparse_tuning_is_refused(Action<Dictionary<string, byte[]>> damage, string words)
    {
        using TemporaryFolder folder = new();
        using Checkpoint before = Checkpoint.Open(MakeBase(folder, ElementType.F32));
        Dictionary<string, byte[]> entries = new() { ["a/data.pkl"] = Tuning([3, 1], 2), ["a/data/0"] = new byte[8] };
        string path = folder.File("pytorch_diff.bin");
        Zip(path, entries, CompressionLevel.NoCompression);
        Assert.That(() => SparseFineTuning.ToPatch(path, before, folder.File("sound")), Throws.Nothing);
        damage(entries);
        File.Delete(path);
        Zip(path, entries, CompressionLevel.NoCompression);
        Assert.That(() => SparseFineTuning.ToPatch(path, before, folder.File("out")),
            Throws.InstanceOf<Exception>().With.Message.Contains(words).And.Message.Contains(words == "absent" ? "base" : path));
        Assert.That(Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { "base", "pytorch_diff.bin", "sound" }));
    }

    [Test]
    public void Archives_that_torch_would_not_write_are_refused()
    {
        using TemporaryFolder folder = new();
        using Checkpoint before = Checkpoint.Open(MakeBase(folder, ElementType.F32));
        string path = folder.File("pytorch_diff.bin");
        Dictionary<string, byte[]> entries = new() { ["a/data.pkl"] = Tuning([3, 1], 2), ["a/data/0"] = new byte[8] };
        Zip(path, entries, CompressionLevel.Optimal);
        Refused("compressed");
        Zip(path, entries, CompressionLevel.NoCompression);
        byte[] sound = File.ReadAllBytes(path);
        int storage = sound.AsSpan().IndexOf("a/data/0"u8) + "a/data/0".Length;
        File.WriteAllBytes(path, [.. sound[..storage], 1, .. sound[(storage + 1)..]]);
        Refused("checksum is another");
        File.WriteAllBytes(path, sound[..^10]);
        Refused("no whole zip archive");
        File.WriteAllBytes(path, [0x80, 2, (byte)'N', (byte)'.']);
        Refused("no whole zip archive, which torch.save writes since PyTorch 1.6");
        Assert.That(() => TicketPatch.Open(path), Throws.TypeOf<CheckpointFormatException>());
        Zip(path, entries, CompressionLevel.NoCompression);
        const string Advice = "SparseFineTuning.ToPatch";
        Assert.That(() => TicketPatch.Open(path), Throws.TypeOf<CheckpointFormatException>().With.Message.Contains(Advice));
        Assert.That(() => TicketPatch.Open(folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(Advice));

        void Refused(string words) => Assert.That(() => SparseFineTuning.ToPatch(path, before, folder.File("out")),
            Throws.TypeOf<CheckpointFormatException>().With.Message.Contains(words)
                .And.Property("Kind").EqualTo(CheckpointDefect.InvalidPickle));
    }

    /// <summary>Every byte of a sound file changed, one at a time: read, or refused as documented.</summary>
    [Test]
    public void No_single_byte_breaks_the_reader()
    {
        using TemporaryFolder folder = new();
        using Checkpoint before = Checkpoint.Open(MakeBase(folder, ElementType.F32));
        byte[] sound = Tuning([3, 1], 2);
        int refused = 0;
        for (int place = 0; place < sound.Length; place++)
            foreach (byte value in (byte[])[0, 0xFF, (byte)(sound[place] ^ 1), (byte)'R', (byte)'.', (byte)'('])
            {
                byte[] other = [.. sound];
                other[place] = value;
                try
                {
                    _ = new PickleReader("path", other).Read();
                }
                catch (CheckpointFormatException)
                {
                    refused++;
                }
            }
        Assert.That(refused, Is.GreaterThan(sound.Length));
    }

    /// <summary>A base of small whole values in every tensor that the golden file changes.</summary>
    private static string MakeBase(TemporaryFolder folder, ElementType type)
    {
        Directory.CreateDirectory(folder.File("base"));
        (string Name, long[] Shape)[] tensors = [("w", [4, 6]), ("v", [9]), ("none", [2, 2]), ("whole", [2, 3]), ("cube", [2, 2, 2])];
        SafetensorsWriter.Write(folder.File("base/model.safetensors"), tensors.Select(t => TensorSource.FromBytes(t.Name, type, t.Shape,
            RowRounding.ToBytes([.. Enumerable.Range(0, (int)t.Shape.Aggregate(1L, (a, b) => a * b)).Select(i => (i % 5) - 2f)], type))));
        return folder.File("base");
    }

    /// <summary>Six elements of a matrix and four of a vector; one of these does not change.</summary>
    private static void WritePatch(Checkpoint before, string path, TicketPayload payload) => TicketPatch.Write(path,
    [
        Source(before.GetTensor("w"), payload, [0, 5, 6, 13, 17, 23], [0.1f, -0.3f, 1e-4f, 7, -1e-9f, 2.5f]),
        Source(before.GetTensor("v"), payload, [1, 2, 3, 8], [0.7f, 0, -0.2f, 3]),
    ], new() { Signature = "made up" });

    private static PatchSource Source(Tensor before, TicketPayload payload, int[] elements, float[] changes)
    {
        UnitGrid grid = TicketUnit.Elements.Cut(before);
        TensorMask mask = new(before.Name, grid, IndexSet.Of(grid.Count, elements));
        float[] values = MaskedValues.Read(before, mask, before.ElementType, default);
        for (int i = 0; i < values.Length; i++) values[i] += changes[i];
        // Of -1e-9 nothing is left in the sum, so that the difference itself tells.
        PatchSource source = new(before, mask, payload) { Values = values };
        return payload == TicketPayload.Delta ? source with { Changes = changes } : source;
    }

    /// <summary>The pickle of one tensor [4, columns].</summary>
    private static byte[] Tuning(int[] steps, int count, int columns = 6, int offset = 0, string name = "w")
    {
        byte[] Number(int value)
        {
            byte[] bytes = new byte[5];
            bytes[0] = (byte)'J';
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), value);
            return bytes;
        }
        return
        [
            0x80, 2, (byte)'}', .. Text("diffs"), (byte)'}', .. Text(name), (byte)'}', (byte)'(',
            .. Text("size"), .. "ctorch\nSize\n"u8, (byte)'K', 4, .. Number(columns), 0x86, 0x85, (byte)'R',
            .. Text("index_steps"), (byte)']', (byte)'(', .. steps.SelectMany(Number), (byte)'e',
            .. Text("values"), .. "ctorch._utils\n_rebuild_tensor_v2\n"u8, (byte)'(', (byte)'(', .. Text("storage"),
            .. "ctorch\nFloatStorage\n"u8, .. Text("0"), .. Text("cpu"), (byte)'K', 2, (byte)'t', (byte)'Q',
            .. Number(offset), .. Number(count), 0x85, (byte)'K', 1, 0x85, 0x89,
            .. "ccollections\nOrderedDict\n"u8, (byte)')', (byte)'R', (byte)'t', (byte)'R', (byte)'u', (byte)'s', (byte)'s', (byte)'.',
        ];
    }

    private static byte[] Text(string text) => [(byte)'X', .. BitConverter.GetBytes(text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static void Zip(string path, Dictionary<string, byte[]> entries, CompressionLevel level)
    {
        File.Delete(path);
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in entries)
            using (Stream stream = zip.CreateEntry(name, level).Open()) stream.Write(bytes);
    }

    private static byte[] Contents(ZipArchiveEntry entry)
    {
        byte[] bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static float[] ValuesOf(Checkpoint checkpoint, string name)
    {
        Tensor tensor = checkpoint.GetTensor(name);
        UnitGrid grid = TicketUnit.Elements.Cut(tensor);
        return MaskedValues.Read(tensor, new(name, grid, IndexSet.All(grid.Count)), ElementType.F32, default);
    }

    private static float[] Rounded(float[] values, ElementType type)
    {
        float[] rounded = new float[values.Length];
        RowRounding.Convert(RowRounding.ToBytes(values, type), type, MemoryMarshal.AsBytes(rounded.AsSpan()), ElementType.F32);
        return rounded;
    }

    private static float[] All(PatchedTensor patch)
    {
        using PatchChanges changes = new(patch);
        return [.. changes.All().SelectMany(c => c)];
    }
}
