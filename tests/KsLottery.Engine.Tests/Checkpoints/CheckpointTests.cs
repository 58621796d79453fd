using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CheckpointTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_file_its_folder_and_its_index_are_the_same_checkpoint()
    {
        Shard("1.safetensors", "a", "b");
        Shard("2.safetensors", "c");
        Map(("a", "1.safetensors"), ("b", "1.safetensors"), ("c", "2.safetensors"));

        foreach (string path in (string[])[_folder.Path, _folder.File(Index)])
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            Assert.That(checkpoint.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "a", "b", "c" }));
            Assert.That((checkpoint.Path, checkpoint.IndexPath), Is.EqualTo((path, _folder.File(Index))));
            Assert.That(checkpoint.IsFolder, Is.EqualTo(path == _folder.Path));
        }
        using Checkpoint one = Checkpoint.Open(_folder.File("2.safetensors"));
        Assert.That(one.GetTensor("c").GetRow<byte>(0).ToArray(), Is.EqualTo("c"u8.ToArray()));
        Assert.That((one.IsFolder, one.IndexPath), Is.EqualTo((false, (string?)null)));
        Assert.That(Assert.Throws<KeyNotFoundException>(() => one.GetTensor("d"))!.Message, Does.Contain("Nearest: \"c\""));
    }

    [Test]
    public void A_folder_may_hold_one_file_of_any_name_and_prefers_the_usual_one()
    {
        Shard("adapter_model.safetensors", "x");
        using (Checkpoint only = Checkpoint.Open(_folder.Path)) Assert.That(only.TryGetTensor("x", out _));

        Shard("other.safetensors", "y");
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path))!;
        Assert.That(e.Kind, Is.EqualTo(CheckpointDefect.NoCheckpoint));
        Assert.That(e.Message, Does.Contain("2 other .safetensors files").And.Contain("Give the path of the file"));

        Shard("model.safetensors", "z");
        using Checkpoint usual = Checkpoint.Open(_folder.Path);
        Assert.That(usual.TryGetTensor("z", out _));
    }

    [Test]
    public void Nothing_to_open_is_said_so()
    {
        Assert.That(Assert.Throws<FileNotFoundException>(() => Checkpoint.Open(_folder.File("no")))!.Message,
            Does.Contain("no such file or folder"));
        Assert.That(Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path))!.Message,
            Does.Contain("converted to safetensors"));
    }

    [Test]
    public void A_missing_shard_names_itself_and_a_tensor()
    {
        Shard("1.safetensors", "a");
        Map(("a", "1.safetensors"), ("b", "2.safetensors"), ("c", "2.safetensors"));
        Expect(CheckpointDefect.MissingShard, "2.safetensors", "b", null, "places 2 tensors");
    }

    [Test]
    public void A_tensor_in_the_wrong_shard_names_both()
    {
        Shard("1.safetensors", "a", "b");
        Shard("2.safetensors", "c");
        Map(("a", "1.safetensors"), ("b", "2.safetensors"), ("c", "2.safetensors"));
        Expect(CheckpointDefect.TensorInWrongShard, "1.safetensors", "b", 8 + 112 + 1, "places it in 2.safetensors");
    }

    [Test]
    public void Of_a_tensor_in_two_shards_the_index_takes_one()
    {
        Shard("1.safetensors", "a");
        Shard("2.safetensors", "a", "b");
        foreach (string place in (string[])["1.safetensors", "2.safetensors"])
        {
            Map(("a", place), ("b", "2.safetensors"), ("c", "1.safetensors"));
            Shard("1.safetensors", "a", "c");
            using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
            Assert.That(checkpoint.GetTensor("a").File.Path, Is.EqualTo(_folder.File(place)));
            Assert.That(checkpoint.Tensors.Select(t => t.Name), Is.EquivalentTo(new[] { "a", "b", "c" }));
            Assert.That(checkpoint.Notes, Has.One.Matches($"[12].safetensors holds a copy of \"a\" .* places the tensor in {place}[.]$"));
        }
    }

    [Test]
    public void A_tensor_that_no_shard_holds_is_missing()
    {
        Shard("1.safetensors", "a");
        Map(("a", "1.safetensors"), ("b", "1.safetensors"));
        Expect(CheckpointDefect.TensorMissing, "1.safetensors", "b", 8, "does not hold this tensor");
    }

    [Test]
    public void A_tensor_that_the_index_leaves_out_is_an_error()
    {
        Shard("1.safetensors", "a", "b");
        Map(("a", "1.safetensors"));
        Expect(CheckpointDefect.TensorNotInIndex, "1.safetensors", "b", 8 + 112 + 1, "does not list it");
    }

    [Test]
    public void A_cut_shard_names_the_tensor_and_the_byte()
    {
        Shard("1.safetensors", "a");
        Shard("2.safetensors", "b", "c");
        Map(("a", "1.safetensors"), ("b", "2.safetensors"), ("c", "2.safetensors"));
        using (FileStream stream = new(_folder.File("2.safetensors"), FileMode.Open)) stream.SetLength(stream.Length - 1);
        Expect(CheckpointDefect.MetadataIncompleteBuffer, "2.safetensors", "c", 8 + 112 + 1, "cut short");
    }

    [TestCase("../1.safetensors")]
    [TestCase("/etc/passwd")]
    [TestCase("sub/1.safetensors")]
    [TestCase("..\\\\1.safetensors")]
    [TestCase("C:1.safetensors")]
    [TestCase("..")]
    [TestCase("")]
    [TestCase("a\\u0000b")]
    public void A_shard_outside_the_folder_is_refused(string shard)
    {
        Shard("1.safetensors", "a");
        Map(("a", shard));
        Expect(CheckpointDefect.InvalidIndex, Index, "a", 15, "own folder");
    }

    [TestCase("", "not JSON")]
    [TestCase("[]", "must be a JSON object")]
    [TestCase("{}", "no weight_map")]
    [TestCase("""{"weight_map":[]}""", "must be an object")]
    [TestCase("""{"weight_map":{"a":1}}""", "must be a string")]
    [TestCase("""{"weight_map":{"a":"1","a":"1"}}""", "stands twice")]
    [TestCase("""{"weight_map":{},"weight_map":{}}""", "stands twice")]
    [TestCase("""{"weight_map":{"\ud800":"1"}}""", "not JSON")]
    [TestCase("""{"metadata":{"x":[{}]},"weight_map":{}}x""", "not JSON")]
    public void A_broken_index_is_refused(string json, string message)
    {
        File.WriteAllText(_folder.File(Index), json);
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path))!;
        Assert.That((e.Kind, e.Path), Is.EqualTo((CheckpointDefect.InvalidIndex, _folder.File(Index))));
        Assert.That(e.Message, Does.Contain(message));
    }

    // The configuration decides; without a word from it the tensors do.
    [TestCase(null, false, null)]
    [TestCase(null, true, false)]
    [TestCase("""{"tie_word_embeddings":true}""", true, true)]
    [TestCase("""{"tie_word_embeddings":true}""", false, true)]
    [TestCase("""{"tie_word_embeddings":false}""", false, false)]
    [TestCase("""{"architectures":["GemmaForCausalLM"]}""", false, true)]
    [TestCase("""{"architectures":["GemmaForCausalLM"]}""", true, false)]
    [TestCase("""{"architectures":["BertModel"]}""", false, null)]
    public void Tied_or_not_is_told_where_it_can_be(string? config, bool hasHead, bool? tied)
    {
        if (config is not null) File.WriteAllText(_folder.File("config.json"), config);
        Matrices(hasHead ? ["model.embed_tokens.weight", "lm_head.weight"] : ["model.embed_tokens.weight"]);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.File("model.safetensors"));

        Assert.That(checkpoint.IsTied, Is.EqualTo(tied));
        Assert.That(checkpoint.FindOutputHead()?.Name, Is.EqualTo(hasHead ? "lm_head.weight" : null));
    }

    [TestCase("model.embed_tokens.weight", "model.embed_tokens.weight", "encoder.embed_tokens.weight")]
    [TestCase("transformer.wte.weight", "transformer.wte.weight", "transformer.wpe.weight")]
    [TestCase("gpt_neox.embed_in.weight", "gpt_neox.embed_in.weight", "embed_out.weight")]
    [TestCase("tok_embeddings.weight", "tok_embeddings.weight")]
    [TestCase("vision.text.embed_tokens.weight", "vision.text.embed_tokens.weight", "vision.patch.weight")]
    [TestCase(null, "one.embed_tokens.weight", "two.embed_tokens.weight")]
    [TestCase(null, "layers.0.weight")]
    public void The_input_embedding_is_found_by_the_names_that_families_use(string? expected, params string[] names)
    {
        Matrices(names);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        Assert.That(checkpoint.FindInputEmbedding()?.Name, Is.EqualTo(expected));
    }

    [Test]
    public void A_failure_leaves_no_shard_open()
    {
        Shard("1.safetensors", "a");
        Map(("a", "1.safetensors"), ("b", "1.safetensors"));
        Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path));
        Assert.DoesNotThrow(() => AtomicFile.WriteText(_folder.File("1.safetensors"), "free"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_file_that_shrinks_while_it_is_read_is_an_exception_where_it_is_not_mapped(bool isDisposedFirst)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("Windows lets nobody shorten an open file");
        Shard("1.safetensors", "a", "b");
        using Checkpoint checkpoint = Checkpoint.Open(_folder.File("1.safetensors"), new CheckpointOptions { UseMemoryMap = false });
        if (isDisposedFirst) checkpoint.Dispose();
        using (FileStream stream = new(_folder.File("1.safetensors"), FileMode.Open, FileAccess.Write,
            FileShare.ReadWrite)) stream.SetLength(60);

        if (isDisposedFirst) Assert.Throws<ObjectDisposedException>(() => checkpoint.GetTensor("b").GetRow<byte>(0));
        else Assert.That(Assert.Throws<CheckpointFormatException>(() => checkpoint.GetTensor("b").GetRow<byte>(0))!.Kind,
            Is.EqualTo(CheckpointDefect.FileShrank));
    }

    private void Expect(CheckpointDefect kind, string file, string tensor, long? place, string message)
    {
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path))!;
        Assert.That((e.Kind, e.Path, e.Tensor, e.ByteOffset), Is.EqualTo((kind, _folder.File(file), tensor, place)));
        Assert.That(e.Message, Does.Contain(message).And.Contain(". Download"));
    }

    private void Shard(string file, params string[] tensors) => SafetensorsWriter.Write(_folder.File(file),
        tensors.Select(t => TensorSource.FromBytes(t, ElementType.U8, [1], new[] { (byte)t[0] })));

    private void Matrices(params string[] names) => SafetensorsWriter.Write(_folder.File("model.safetensors"),
        names.Select(n => TensorSource.FromBytes(n, ElementType.BF16, [2, 1], new byte[4])));

    private void Map(params (string Tensor, string Shard)[] places) => File.WriteAllText(_folder.File(Index),
        "{\"weight_map\":{" + string.Join(',', places.Select(p => $"\"{p.Tensor}\":\"{p.Shard}\"")) + "},\"metadata\":{}}");
}
