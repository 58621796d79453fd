using System.IO.Compression;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ForeignFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>What is written, a name that such a file has, and words of what is said of it and of the next step.</summary>
    private static readonly (string Name, byte[] Bytes, string What, string NextStep)[] Kinds =
    [
        ("model.bin", Text($"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('0', 64)}\nsize 12345\n"),
            "Git LFS pointer", "git lfs pull"),
        ("model.bin", Text("<!DOCTYPE html>\n<html class=\"\"><head>"), "an HTML page", "login"),
        ("model.bin", Text("\n <HTML><body>Access to model x is restricted"), "an HTML page", "login"),
        ("model.bin", [0xEF, 0xBB, 0xBF, .. Text("<!doctype html><html>")], "an HTML page", "login"),
        ("model.bin", Text("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), "an XML answer", "Download"),
        ("model.bin", Text("{\"error\":\"Repository not found\"}"), "a JSON text", "file of weights"),
        ("model.bin", Text(RowsFile.Header + "\n0\t<s>\tspecial\t"), "rows.tsv, the table", "patch.safetensors beside it"),
        ("model.bin", Text($"{{\n  \"format\": \"{TicketFile.Format}\",\n  \"format_version\": 1"), "a ticket, which lists rows",
            "patch.safetensors beside it"),
        ("pytorch_model.bin", Zip("archive/data.pkl", "\x80\x02}q\0."), "a pickle of PyTorch", "save it as safetensors"),
        ("pytorch_model-00001-of-00002.bin", Zip("pytorch_model/data.pkl", "}"), "a pickle of PyTorch", "save it as safetensors"),
        ("model.pt", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'], "a pickle of PyTorch",
            "save it as safetensors"),
        ("model.ckpt", [0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'.'], "a pickle of PyTorch", "save it as safetensors"),
        ("model.gguf", [.. Text("GGUF"), 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0], "a GGUF file", "made from"),
        ("stories.bin", Ints(288, 768, 6, 6, 6, 32_000, 256), "a model of llama2.c", "Llama2cConversion.Convert"),
        ("stories.bin", Ints(4096, 11_008, 32, 32, 8, -32_000, 2048), "a model of llama2.c", "Llama2cConversion.Convert"),
        ("stories.bin", Ints(0x616B3432, 1, 288, 768, 6, 6, 6, 32_000, 256), "a model of llama2.c", "Llama2cConversion.Convert"),
        ("model.npz", Zip("embedding.npy", "NUMPY"), "an archive of NumPy arrays", "safetensors.numpy"),
        ("model.npy", [0x93, .. Text("NUMPY"), 1, 0, 0x76, 0], "a NumPy array", "safetensors.numpy"),
        ("model.zip", Zip("README.md", "Hi"), "a zip archive", "Unpack"),
        ("model.tar.gz", Gzip(new byte[300]), "a gzip archive", "gunzip"),
        ("model.tar.zst", [0x28, 0xB5, 0x2F, 0xFD, 4, 0, 1, 2, 3], "a Zstandard archive", "zstd -d"),
        ("model.tar.xz", [0xFD, .. Text("7zXZ"), 0, 0, 4, 1], "an xz archive", "xz -d"),
        ("model.tar.bz2", Text("BZh91AY&SY12345"), "a bzip2 archive", "bunzip2"),
        ("tf_model.h5", [0x89, .. Text("HDF\r\n"), 0x1A, 10, 0, 0], "an HDF5 file", "save it as safetensors"),
        ("model.onnx", [8, 7, 0x12, 7, .. Text("pytorch"), 0x1A, 5, .. Text("2.1.0")], "a model of ONNX", "made from"),
        ("model.bin", [.. Ints(28), .. Text("TFL3"), 0, 0, 0, 0, 0, 0], "a model of TensorFlow Lite", "made from"),
        ("model.bin", new byte[1000], "begins with zeros", "Download it again"),
        ("model.bin", [], "an empty file", "again"),
    ];

    public void Dispose() => _folder.Dispose();

    [TestCaseSource(nameof(Indices))]
    public void A_file_is_called_what_it_is(int index)
    {
        (string name, byte[] bytes, string what, string step) = Kinds[index];
        string path = _folder.File("model.safetensors"), alone = Directory.CreateDirectory(_folder.File("alone")).FullName;
        File.WriteAllBytes(path, bytes);
        File.WriteAllBytes(Path.Combine(alone, name), bytes);
        File.WriteAllText(Path.Combine(alone, "config.json"), "{}");
        foreach (Action open in (Action[])[() => Checkpoint.Open(path), () => Checkpoint.Open(_folder.Path),
            () => SafetensorsFile.Open(path),
            () => TicketPatch.Open(path), () => Checkpoint.Open(alone), () => Checkpoint.Open(Path.Combine(alone, name)),
            () => SafetensorsFile.Open(path, new() { UseMemoryMap = false })])
        {
            CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => open())!;
            bool isDamaged = bytes.All(b => b == 0);
            Assert.That(e.Kind == CheckpointDefect.ForeignFile, Is.EqualTo(!isDamaged || e.Path == alone), e.Message);
            Assert.That(e.Message, Does.Contain(what).And.Contain(step));
        }
    }

    /// <summary>Whatever the first bytes are, the file is bad input and never a fault of ours.</summary>
    [Test]
    public void A_damaged_file_of_any_kind_is_the_documented_exception()
    {
        string path = _folder.File("model.safetensors");
        SplitMix64 random = new(20_26);
        byte[] whole = SafetensorsBytes.File(SafetensorsBytes.Json(("t", "I32", "[2,2]", 0, 16)), new byte[16]);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = [.. i % 8 == 0 ? whole : Kinds[(int)(random.Next() % (ulong)Kinds.Length)].Bytes];
            bytes = bytes[..(int)(random.Next() % (ulong)(bytes.Length + 1))];
            for (int injuries = (int)(random.Next() % 4); injuries > 0 && bytes.Length > 0; injuries--)
                bytes[(int)(random.Next() % (ulong)bytes.Length)] = (byte)random.Next();
            File.WriteAllBytes(path, bytes);
            try
            {
                Checkpoint.Open(path).Dispose();
            }
            catch (CheckpointFormatException)
            {
                continue;
            }
            catch (Exception e)
            {
                Assert.Fail($"{Convert.ToHexString(bytes)}: {e}");
            }
            Assert.That(bytes, Has.Length.EqualTo(whole.Length), "only the whole file may pass");
        }
    }

    /// <summary>The length of a header is the first thing in a file, and 640 is written as a pickle begins.</summary>
    [TestCase(0x0280), TestCase(0x8B1F), TestCase(0x0480)]
    public void A_damaged_safetensors_file_is_not_taken_for_another(int length)
    {
        string path = _folder.File("model.safetensors"), json = SafetensorsBytes.Json(("t", "X9", "[4]", 0, 4));
        File.WriteAllBytes(path, SafetensorsBytes.File(json.PadRight(length), new byte[4]));
        Assert.That(Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(path))!.Message,
            Does.Contain("\"X9\" is none of the format's"));
        File.WriteAllBytes(path, SafetensorsBytes.File("{\"t\"".PadRight(length), []));
        Assert.That(Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(path))!.Kind,
            Is.EqualTo(CheckpointDefect.InvalidHeaderDeserialization));
    }

    [Test]
    public void A_link_that_leads_nowhere_names_its_target()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("links ask for a privilege on Windows");
        string blob = _folder.File("blobs/0123"), snapshot = Directory.CreateDirectory(_folder.File("snapshots")).FullName;
        foreach (string name in (string[])["model.safetensors", "model.safetensors.index.json", "model-00001-of-00001.safetensors",
            "other.safetensors"])
        {
            string link = Path.Combine(snapshot, name);
            File.CreateSymbolicLink(link, "../blobs/0123");
            foreach (string path in (string[])[link, snapshot])
            {
                CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(path))!;
                Assert.That(e.Kind, Is.EqualTo(CheckpointDefect.DanglingLink), e.Message);
                Assert.That(e.Message, Does.Contain(blob).And.Contain("Download the model again"));
            }
            File.Delete(link);
        }
        string[] names = [.. new TinyLlama().Tensors.Keys];
        new TinyLlama().WriteShards(snapshot, ("model-00001-of-00001.safetensors", names));
        foreach (string name in (string[])["config.json", "model-00001-of-00001.safetensors"])
        {
            File.Move(Path.Combine(snapshot, name), _folder.File("aside"), overwrite: true);
            File.CreateSymbolicLink(Path.Combine(snapshot, name), "../blobs/0123");
            Assert.That(() => Checkpoint.Open(snapshot), Throws.TypeOf<CheckpointFormatException>().With.Message.Contains(blob));
            File.Delete(Path.Combine(snapshot, name));
            File.Move(_folder.File("aside"), Path.Combine(snapshot, name));
        }
    }

    [Test]
    public void A_patch_is_no_model()
    {
        using (Checkpoint before = Checkpoint.Open(new TinyLlama().Write(_folder.File("base"))),
            after = Checkpoint.Open(new TinyLlama().Tuned(5).Write(_folder.File("tuned"))))
            TicketPatch.Write(_folder.File(TicketPatch.FileName), [Transfer.TicketFixture.Rows(before.GetInputEmbedding(),
                after.GetInputEmbedding(), 5)], new() { Signature = "", IsTied = true });
        using Checkpoint patch = Checkpoint.Open(_folder.File(TicketPatch.FileName));
        foreach (Action use in (Action[])[() => patch.GetInputEmbedding(), () => Engine.Models.LlamaConfig.Load(patch)])
            Assert.That(() => use(), Throws.TypeOf<CheckpointFormatException>().With.Message
                .Contains("a patch of kslottery").And.Message.Contains("PatchApplication.Apply"));
    }

    private static IEnumerable<TestCaseData> Indices() =>
        Kinds.Index().Select(k => new TestCaseData(k.Index).SetName($"{k.Item.What} ({k.Index})"));

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Ints(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Gzip(byte[] content)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest)) gzip.Write(content);
        return stream.ToArray();
    }

    private static byte[] Zip(string entry, string content)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create))
        using (Stream file = zip.CreateEntry(entry, CompressionLevel.NoCompression).Open()) file.Write(Text(content));
        return stream.ToArray();
    }
}
