using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>What happens to the files around the touched one, and to the output when something goes wrong.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PatchedFolderTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(TicketPatch.FileName);

    private string Output => _folder.File("out");

    public void Dispose() => _folder.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public void Of_the_real_model_in_three_shards_only_the_touched_one_is_written(bool byIndex)
    {
        ShardRealModel();
        string[] names = TicketFixture.Names(Base);

        PatchResult result = PatchApplication.Apply(byIndex ? Path.Combine(Base, Index) : Base, Patch, Output);
        Assert.That(result.WrittenFiles[0], Is.EqualTo("model-00002-of-00003.safetensors"));
        Assert.That(result.LinkedFiles, Is.EqualTo(new[] { "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors" }));
        Assert.That(result.CopiedFiles, Is.EqualTo(new[] { "config.json", Index, "tokenizer.model" }));
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(names));

        byte[] expected = TicketFixture.WithRows(Path.Combine(Base, result.WrittenFiles[0]),
            TicketFixture.RealTunedFile, TicketFixture.RealTicket());
        Assert.That(File.ReadAllBytes(Path.Combine(Output, result.WrittenFiles[0])).AsSpan().SequenceEqual(expected), Is.True);
        foreach (string name in names.Where(n => n != result.WrittenFiles[0]))
        {
            TicketFixture.AssertSame(Path.Combine(Output, name), Path.Combine(Base, name));
            Assert.That(ShareBytes(Path.Combine(Output, name), Path.Combine(Base, name)), Is.EqualTo(result.LinkedFiles.Contains(name)),
                name);
        }
        using Checkpoint patched = Checkpoint.Open(Output);
        Assert.That(patched.Shards, Has.Count.EqualTo(3));

        PatchApplication.Revert(Output, Patch, _folder.File("back"));
        foreach (string name in names) TicketFixture.AssertSame(_folder.File(Path.Combine("back", name)), Path.Combine(Base, name));
    }

    [Test]
    public void A_folder_of_links_as_download_caches_keep_it_gives_a_folder_of_files()
    {
        ShardRealModel();
        string cache = Directory.CreateDirectory(_folder.File("cache")).FullName;
        foreach (string name in TicketFixture.Names(Base))
            File.CreateSymbolicLink(Path.Combine(cache, name), Path.Combine("..", "base", name));

        PatchResult result = PatchApplication.Apply(cache, Patch, Output);
        Assert.That(result.LinkedFiles, Has.Count.EqualTo(2));
        foreach (string name in TicketFixture.Names(Output))
            Assert.That(new FileInfo(Path.Combine(Output, name)).LinkTarget, Is.Null, name);
        Assert.That(ShareBytes(Path.Combine(Output, result.LinkedFiles[0]), Path.Combine(Base, result.LinkedFiles[0])), Is.True);
    }

    [Test]
    public void Where_links_are_refused_files_are_copied()
    {
        const string Elsewhere = "/dev/shm";
        ShardRealModel();
        if (!Directory.Exists(Elsewhere)) Assert.Ignore("no second file system to write to");
        string output = Path.Combine(Elsewhere, "kslottery-test-" + Path.GetRandomFileName());
        try
        {
            PatchResult result = PatchApplication.Apply(Base, Patch, output);
            if (result.LinkedFiles.Count > 0) Assert.Ignore("/dev/shm lies on the same file system");
            Assert.That(result.CopiedFiles, Has.Count.EqualTo(5));
            foreach (string name in result.CopiedFiles) TicketFixture.AssertSame(Path.Combine(output, name), Path.Combine(Base, name));
        }
        finally
        {
            if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
        }
    }

    [Test]
    public void Other_weights_go_along_and_are_named_and_subfolders_stay()
    {
        SmallFolder();
        Directory.CreateDirectory(Path.Combine(Base, "onnx"));
        string[] weights = ["flax_model.msgpack", "model.ckpt", "model.gguf", "model.onnx", "model.pt", "model.pth", "old.safetensors",
            "pytorch_model-00001-of-00002.bin", "tf_model.h5"];
        foreach (string name in weights) File.WriteAllText(Path.Combine(Base, name), "old");
        File.WriteAllText(Path.Combine(Base, "notes.txt"), "kept");

        PatchResult result = PatchApplication.Apply(Base, Patch, Output);
        Assert.That(TicketFixture.Names(Output), Is.EquivalentTo(["config.json", "model.safetensors", "notes.txt", .. weights]));
        Assert.That(result.Notes, Has.One.EqualTo("Other weights in the folder were carried along as they were, without what "
            + $"was changed here: {string.Join(", ", weights.Select(name => $"\"{name}\""))}. "
            + "Remove them where a program might load them instead."));
    }

    [Test]
    public void A_large_file_beside_the_checkpoint_is_linked()
    {
        SmallFolder();
        string large = Path.Combine(Base, "large.bin");
        using (FileStream stream = File.Create(large)) stream.SetLength(16 << 20);

        Assert.That(PatchApplication.Apply(Base, Patch, Output).LinkedFiles, Is.EqualTo(new[] { "large.bin" }));
        Assert.That(ShareBytes(Path.Combine(Output, "large.bin"), large), Is.True);
    }

    [Test]
    public void A_single_file_takes_only_its_configuration_and_tokenizer_along()
    {
        SmallFolder();
        foreach (string name in (string[])["tokenizer.json", "tokenizer_config.json", "generation_config.json", "special_tokens_map.json",
            "tok512.bin", "tok.model", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja", "LICENSE",
            "thesis.pdf", "other.safetensors", Index])
            File.WriteAllText(Path.Combine(Base, name), name);

        PatchApplication.Apply(Path.Combine(Base, "model.safetensors"), Patch, Output);
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(new[] { "LICENSE", "added_tokens.json", "chat_template.jinja", "config.json",
            "generation_config.json", "merges.txt", "model.safetensors", "special_tokens_map.json", "tok.model", "tok512.bin",
            "tokenizer.json", "tokenizer_config.json", "vocab.json", "vocab.txt" }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Cancelling_leaves_nothing(bool whileWriting)
    {
        SmallFolder();
        using CancellationTokenSource cancellation = new();
        Hearing progress = new(_ => cancellation.Cancel());
        if (!whileWriting) cancellation.Cancel();

        Assert.That(() =>
            PatchApplication.Apply(Base, Patch, Output, new() { AllowsNonFinite = true }, progress, cancellationToken: cancellation.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(progress.Heard.Count > 0, Is.EqualTo(whileWriting));
        AssertNothingNew();
    }

    [Test]
    public void Progress_ends_with_the_whole_file()
    {
        SmallFolder(rows: 9000);
        Hearing progress = new(_ => { });
        PatchApplication.Apply(Base, Patch, Output, new() { AllowsNonFinite = true }, progress);

        long length = new FileInfo(Path.Combine(Base, "model.safetensors")).Length;
        Assert.That(length, Is.GreaterThan(16 << 20));
        Assert.That(progress.Heard, Has.Count.EqualTo(2));
        Assert.That(progress.Heard[0].BytesDone, Is.InRange(16 << 20, length - 1));
        Assert.That(progress.Heard[^1], Is.EqualTo(new PatchProgress("model.safetensors", length, length)));
    }

    [Test]
    public void An_output_that_fills_up_meanwhile_is_left_alone()
    {
        SmallFolder();
        Directory.CreateDirectory(Output);
        Hearing progress = new(_ => File.WriteAllText(Path.Combine(Output, "mine"), "x"));

        Assert.That(() => PatchApplication.Apply(Base, Patch, Output, new() { AllowsNonFinite = true }, progress),
            Throws.InstanceOf<IOException>());
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(new[] { "mine" }));
        Assert.That(TicketFixture.Names(_folder.Path), Has.None.Contains(".tmp"));
    }

    [Test]
    public void An_empty_folder_is_taken_and_one_with_content_refused()
    {
        SmallFolder();
        Directory.CreateDirectory(Output);
        PatchApplication.Apply(Base, Patch, Output + Path.DirectorySeparatorChar);
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(new[] { "config.json", "model.safetensors" }));
        Assert.That(() => PatchApplication.Apply(Base, Patch, Output), Throws.InstanceOf<IOException>().With.Message.Contains("not empty"));
    }

    [TestCase("base", "this is an input")]
    [TestCase("base/", "this is an input")]
    [TestCase("link", "this is an input")]
    [TestCase("patch.safetensors", "this is an input")]
    [TestCase("tuned.safetensors", "this is a file")]
    [TestCase("no/such", "does not exist")]
    public void An_output_over_an_input_or_nowhere_is_refused(string output, string message)
    {
        SmallFolder();
        Directory.CreateSymbolicLink(_folder.File("link"), Base);
        byte[] model = File.ReadAllBytes(Path.Combine(Base, "model.safetensors"));

        Assert.That(() => PatchApplication.Apply(Base, Patch, _folder.File(output)),
            Throws.InstanceOf<IOException>().With.Message.Contains(message));
        File.Delete(_folder.File("link"));
        AssertNothingNew();
        Assert.That(TicketFixture.Names(Base), Is.EqualTo(new[] { "config.json", "model.safetensors" }));
        Assert.That(File.ReadAllBytes(Path.Combine(Base, "model.safetensors")).AsSpan().SequenceEqual(model), Is.True);
    }

    private void ShardRealModel()
    {
        string source = TicketFixture.RealBase;
        Directory.CreateDirectory(Base);
        using SafetensorsFile model = SafetensorsFile.Open(Path.Combine(source, "model.safetensors"));
        Tensor embedding = model.GetTensor(TicketFixture.Embedding);
        Tensor[] others = [.. model.Tensors.Where(t => t != embedding)];
        Tensor[][] shards = [others[..10], [.. others[10..20], embedding], others[20..]];
        List<string> map = [];
        for (int i = 0; i < shards.Length; i++)
        {
            string name = $"model-0000{i + 1}-of-00003.safetensors";
            SafetensorsWriter.Write(Path.Combine(Base, name), shards[i].Select(TensorSource.FromTensor), model.Metadata);
            map.AddRange(shards[i].Select(t => $"\"{t.Name}\":\"{name}\""));
        }
        File.WriteAllText(Path.Combine(Base, Index), $"{{\"metadata\":{{}},\"weight_map\":{{{string.Join(',', map)}}}}}");
        File.WriteAllBytes(Path.Combine(Base, "config.json"), File.ReadAllBytes(Path.Combine(source, "config.json")));
        File.WriteAllText(Path.Combine(Base, "tokenizer.model"), "tokens");
        TicketFixture.WriteRealPatch(Patch, Path.Combine(Base, "model-00002-of-00003.safetensors"));
    }

    private void SmallFolder(int rows = 6)
    {
        int width = rows > 6 ? 512 : 4;
        Directory.CreateDirectory(Base);
        string model = Path.Combine(Base, "model.safetensors");
        TicketFixture.WriteMatrix(model, ElementType.F32, rows, width, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, rows, width, 2);
        TicketFixture.WritePatch(Patch, model, Tuned, [3, 5]);
        File.WriteAllText(Path.Combine(Base, "config.json"), "{}");
    }

    private void AssertNothingNew() =>
        Assert.That(TicketFixture.Names(_folder.Path), Is.EqualTo(new[] { "base", "patch.safetensors", "tuned.safetensors" }));

    /// <summary>Whether an edit of one file in place shows in the other; the edit is taken back.</summary>
    private static bool ShareBytes(string one, string other)
    {
        byte[] before = File.ReadAllBytes(other);
        TicketFixture.Flip(one, 0);
        bool share = !File.ReadAllBytes(other).AsSpan().SequenceEqual(before);
        TicketFixture.Flip(one, 0);
        return share;
    }

    private sealed class Hearing(Action<PatchProgress> react) : IProgress<PatchProgress>
    {
        public List<PatchProgress> Heard { get; } = [];

        public void Report(PatchProgress value)
        {
            Heard.Add(value);
            react(value);
        }
    }
}
