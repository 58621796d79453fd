using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Folders as people have them, each made here.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OddFolderTests : IDisposable
{
    private const string Embedding = TinyLlama.Embedding, Head = TinyLlama.Head;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("_orig_mod."), TestCase("module."), TestCase("base_model.model."), TestCase("module._orig_mod."),
        TestCase("_orig_mod.module.base_model.model.")]
    public void A_wrapped_model_is_the_model_and_keeps_its_own_names(string prefix)
    {
        using Checkpoint plain = Checkpoint.Open(new TinyLlama(isTied: false).Write(_folder.File("plain")));
        using Checkpoint wrapped = Checkpoint.Open(new TinyLlama(isTied: false).Prefixed(prefix).Write(_folder.File("wrapped")));
        Assert.That(wrapped.GetInputEmbedding().Name, Is.EqualTo(prefix + Embedding));
        Assert.That(wrapped.FindOutputHead()!.Name, Is.EqualTo(prefix + Head));
        foreach (Tensor tensor in plain.Tensors)
        {
            Assert.That(wrapped.GetTensor(tensor.Name).Name, Is.EqualTo(prefix + tensor.Name));
            Assert.That(plain.GetTensor(prefix + tensor.Name), Is.SameAs(tensor), "asked for by another wrapper's name");
        }
        Assert.That(Logits(wrapped), Is.EqualTo(Logits(plain)));
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(wrapped, LlamaConfig.Load(wrapped), operations);
        Assert.That(weights.All.Select(w => w.Name), Is.EquivalentTo(wrapped.Tensors.Select(t => t.Name)));
    }

    [TestCase("model.layers.0._orig_mod.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.weight")]
    [TestCase("base_model.model._orig_mod.model.norm.weight", "model.norm.weight")]
    [TestCase("submodule.norm.weight", "submodule.norm.weight")]
    [TestCase("base_model.model.model.embed_tokens.modules_to_save.default.weight", "model.embed_tokens.weight")]
    [TestCase("base_model.model.score.modules_to_save.default.dense.bias", "score.dense.bias")]
    [TestCase("base_model.model.model.embed_tokens.original_module.weight", "model.embed_tokens.original_module.weight")]
    [TestCase("x.modules_to_save.weight", "x.modules_to_save.weight")]
    [TestCase("my_orig_mod.weight", "my_orig_mod.weight")]
    [TestCase("module.", "")]
    public void Names_lose_the_prefixes_of_wrappers_and_nothing_else(string name, string plain) =>
    Assert.That(TensorNames.Plain(name), Is.EqualTo(plain));

    [Test]
    public void Of_two_tensors_behind_wrappers_neither_is_meant_and_an_exact_name_always_is()
    {
        TinyLlama llama = new();
        llama.Tensors.Add("module.x", ([1], [1]));
        llama.Tensors.Add("_orig_mod.x", ([1], [2]));
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        Assert.That(checkpoint.TryGetTensor("x", out _), Is.False);
        Assert.That(checkpoint.GetTensor("module.x").GetRow<float>(0)[0], Is.EqualTo(1));
    }

    // The configuration, whether the file holds a head, and the one answer.
    [TestCase(null, false, true), TestCase(null, true, false), TestCase(true, false, true), TestCase(true, true, true),
        TestCase(false, true, false)]
    public void Whether_a_model_is_tied_has_one_answer(bool? said, bool hasHead, bool expected)
    {
        TinyLlama llama = new(isTied: !hasHead);
        if (said is { } word) llama.Config["tie_word_embeddings"] = word;
        else llama.Config.Remove("tie_word_embeddings");
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        Assert.That((checkpoint.IsTied, LlamaConfig.Load(checkpoint).IsTied), Is.EqualTo(((bool?)expected, expected)));
        Assert.That(checkpoint.Notes.Any(n => n.Contains("no tie_word_embeddings", StringComparison.Ordinal)),
            Is.EqualTo(said is null && !hasHead));
        Assert.That(Logits(checkpoint), Is.All.Not.NaN);
    }

    [Test]
    public void A_config_without_architectures_has_the_same_answer()
    {
        TinyLlama llama = new();
        llama.Config.Remove("tie_word_embeddings");
        llama.Config.Remove("architectures");
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        Assert.That((checkpoint.IsTied, LlamaConfig.Load(checkpoint).IsTied), Is.EqualTo(((bool?)true, true)));
    }

    [Test]
    public void A_head_that_is_said_to_be_there_and_is_not_is_refused()
    {
        TinyLlama llama = new();
        llama.Config["tie_word_embeddings"] = false;
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        Assert.That(checkpoint.IsTied, Is.False);
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Logits(checkpoint))!;
        Assert.That((e.Kind, e.Tensor), Is.EqualTo((CheckpointDefect.ConfigMismatch, Head)));
        Assert.That(e.Message, Does.Contain("random numbers").And.Contain("tie_word_embeddings"));
    }

    /// <summary>What safetensors' <c>save_model</c> leaves of two names of one matrix: the one that comes first, and the other in the
    /// metadata.</summary>
    [TestCase(Embedding, Head, null), TestCase(Embedding, Head, true), TestCase(Head, Embedding, null), TestCase(Head, Embedding, true),
        TestCase(Head, Embedding, false)]
    public void A_name_that_its_writer_left_out_finds_the_tensor_kept_in_its_place(string kept, string removed, bool? said)
    {
        using Checkpoint plain = Checkpoint.Open(new TinyLlama().Write(_folder.File("plain")));
        TinyLlama llama = new TinyLlama().Renamed(Embedding, kept);
        llama.Metadata[removed] = kept;
        if (said is { } word) llama.Config["tie_word_embeddings"] = word;
        else llama.Config.Remove("tie_word_embeddings");
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.File("saved")));
        Assert.That(checkpoint.GetTensor(removed), Is.SameAs(checkpoint.GetTensor(kept)));
        Assert.That(checkpoint.GetInputEmbedding().Name, Is.EqualTo(kept));
        Assert.That((checkpoint.IsTied, LlamaConfig.Load(checkpoint).IsTied), Is.EqualTo(((bool?)true, true)));
        Assert.That(checkpoint.Notes.Count, Is.EqualTo(said == false ? 1 : 0));
        Assert.That(Logits(checkpoint), Is.EqualTo(Logits(plain)));
    }

    [Test]
    public void Metadata_that_names_no_tensor_is_no_alias()
    {
        TinyLlama llama = new();
        llama.Metadata["a"] = "b";
        llama.Metadata[Embedding] = "model.norm.weight";
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        Assert.That(checkpoint.TryGetTensor("a", out _), Is.False);
        Assert.That(checkpoint.GetTensor(Embedding).Name, Is.EqualTo(Embedding),
            "a tensor that is there goes before what the metadata says");
    }

    [Test]
    public void An_old_file_beside_the_shards_of_an_index_is_read_with_a_remark()
    {
        string[] names = [.. new TinyLlama().Tensors.Keys];
        new TinyLlama().Tuned(5)
            .WriteShards(_folder.Path, ("model-00001-of-00002.safetensors", names[..8]), ("model-00002-of-00002.safetensors", names[8..]));
        using (Checkpoint shards = Checkpoint.Open(_folder.Path)) Assert.That((shards.Shards.Count, shards.Notes.Count),
            Is.EqualTo((2, 0)));
        new TinyLlama().Write(_folder.Path);
        using Checkpoint file = Checkpoint.Open(_folder.Path);
        Assert.That((file.Shards.Count, file.IndexPath), Is.EqualTo((1, (string?)null)));
        Assert.That(file.Notes.Single(), Does.Contain("as Transformers reads it").And.Contain("2 shards").And
            .Contain("model.safetensors.index.json"));
        using Checkpoint meant = Checkpoint.Open(_folder.File("model.safetensors.index.json"));
        Assert.That((meant.Shards.Count, meant.Notes.Count), Is.EqualTo((2, 0)));

        string odd = new TinyLlama().Write(_folder.File("odd"));
        File.WriteAllText(Path.Combine(odd, "model.safetensors.index.json"), "{");
        using Checkpoint damaged = Checkpoint.Open(odd);
        Assert.That(damaged.Notes.Single(), Does.Contain("which is damaged"));
    }

    [Test]
    public void An_overlay_beside_a_stale_copy_is_what_the_index_says()
    {
        TinyLlama llama = new();
        string[] names = [.. llama.Tensors.Keys];
        llama.WriteShards(_folder.Path, ("model-00001-of-00002.safetensors", names[..8]), ("model-00002-of-00002.safetensors", names[8..]),
            ("model-overlay.safetensors", [Embedding]));
        llama.Tuned(5);
        llama.WriteFile(_folder.File("model-overlay.safetensors"), llama.Tensors.Where(t => t.Key == Embedding));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path),
            expected = Checkpoint.Open(new TinyLlama().Tuned(5).Write(_folder.File("whole")));
        Assert.That(Path.GetFileName(checkpoint.GetTensor(Embedding).File.Path), Is.EqualTo("model-overlay.safetensors"));
        Assert.That(checkpoint.Tensors.Count(), Is.EqualTo(names.Length));
        Assert.That(checkpoint.Notes.Single(), Does.Contain("model-00001-of-00002.safetensors holds a copy").And
            .Contain("model-overlay.safetensors"));
        Assert.That(Logits(checkpoint), Is.EqualTo(Logits(expected)));
    }

    [Test]
    public void Shards_of_another_split_and_shards_without_an_index_are_refused()
    {
        string[] names = [.. new TinyLlama().Tensors.Keys];
        new TinyLlama().WriteShards(_folder.Path, ("model-00001-of-00002.safetensors", names[..8]),
            ("model-00002-of-00002.safetensors", names[8..]));
        string index = _folder.File("model.safetensors.index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("of-00002", "of-00003", StringComparison.Ordinal));
        Assert.That(Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path))!.Kind,
            Is.EqualTo(CheckpointDefect.MissingShard));
        File.Delete(index);
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Checkpoint.Open(_folder.Path))!;
        Assert.That((e.Kind, e.Message.Contains("2 other .safetensors files", StringComparison.Ordinal)),
            Is.EqualTo((CheckpointDefect.NoCheckpoint, true)));
    }

    [Test]
    public void Placeholders_of_no_values_name_file_tensor_and_cause()
    {
        TinyLlama llama = new();
        foreach (string name in llama.Tensors.Keys.ToArray())
            if (llama.Tensors[name].Shape.Length == 2) llama.Tensors[name] = ([0], []);
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        foreach (Action use in (Action[])[() => checkpoint.GetInputEmbedding(), () => Logits(checkpoint),
            () => RowMatrix.FromTensor(checkpoint.GetTensor(Embedding))])
        {
            CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => use())!;
            Assert.That((e.Kind, e.Path, e.Tensor),
                Is.EqualTo((CheckpointDefect.EmptyTensor, _folder.File("model.safetensors"), Embedding)));
            Assert.That(e.Message, Does.Contain("ZeRO-3").And.Contain("zero_to_fp32.py"));
        }
    }

    [Test]
    public void Two_embeddings_are_both_found_and_where_no_name_decides_both_are_named()
    {
        TinyLlama llama = new();
        llama.Tensors.Add("ema.embed_tokens.weight", llama.Tensors[Embedding]);
        using (Checkpoint both = Checkpoint.Open(llama.Write(_folder.File("listed"))))
        {
            Assert.That(both.GetInputEmbedding().Name, Is.EqualTo(Embedding));
            Assert.That(both.FindInputEmbeddings().Select(t => t.Name), Is.EqualTo(new[] { Embedding, "ema.embed_tokens.weight" }));
        }
        using Checkpoint none = Checkpoint.Open(llama.Renamed(Embedding, "live.embed_tokens.weight").Write(_folder.File("none")));
        Assert.That(() => none.GetInputEmbedding(), Throws.TypeOf<KeyNotFoundException>().With.Message
            .Contains("\"live.embed_tokens.weight\"")
            .And.Message.Contains("\"ema.embed_tokens.weight\"").And.Message.Contains($"{Remedy.NameTensor}"));
    }

    private static float[] Logits(Checkpoint checkpoint)
    {
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        using LlamaModel model = new(weights, operations);
        return model.Logits(new([1, 40, 50], [40, 50, 2], [0, 3]));
    }
}
