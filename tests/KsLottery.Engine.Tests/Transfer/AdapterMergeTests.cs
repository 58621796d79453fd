using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Adapters over bases that lack a part, are larger or lie in several files.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AdapterMergeTests : IDisposable
{
    private const string Q = "base_model.model.model.layers.0.self_attn.q_proj", Embedding = "model.embed_tokens.weight",
        Config = "config.json", Tokenizer = "tokenizer.json";

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.File("merged");

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_configuration_says_what_it_said_and_what_changed()
    {
        (string Case, string? Config, bool? IsTied, long? Size)[] all =
        [
            ("plain", null, null, null), ("plain", "{}", null, null), ("plain", "{\"vocab_size\":9}", null, 9),
            ("embedding of a larger vocabulary", "{\"vocab_size\":9}", null, 11), ("embedding of a larger vocabulary", "{}", null, null),
            ("larger embedding of a tied model", "{\"vocab_size\":9,\"tie_word_embeddings\":true}", true, 11),
            ("modules_to_save unties", "{\"tie_word_embeddings\":true}", false, null),
        ];
        foreach ((string name, string? config, bool? isTied, long? size) in all)
        {
            string path = PeftCase.Named(name).WriteBase(_folder), file = Path.Combine(path, Config);
            File.Delete(file);
            if (config is not null) File.WriteAllText(file, config);
            using Checkpoint baseModel = Checkpoint.Open(path);
            using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, PeftCase.Named(name).WriteAdapter(_folder));
            Assert.That((adapted.Checkpoint.Config?.TieWordEmbeddings, (long?)adapted.Checkpoint.Config?.VocabularySize),
                Is.EqualTo((isTied, size)), $"{name} {config}");
        }
    }

    [Test]
    public void Rows_are_computed_one_by_one_as_all_together()
    {
        PeftCase golden = PeftCase.Named("tokens");
        using Checkpoint baseModel = Checkpoint.Open(golden.WriteBase(_folder));
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, golden.WriteAdapter(_folder));
        Tensor tensor = adapted.Checkpoint.GetTensor(Embedding);
        byte[] whole = golden.BytesOf(Embedding), row = new byte[10];
        for (int i = 0; i < 9; i++)
            Assert.That(tensor.GetBytes(10 * i, 10, row).ToArray(), Is.EqualTo(whole[(10 * i)..(10 * (i + 1))]), $"row {i}");
    }

    [Test]
    public void Rows_replace_those_of_a_whole_matrix_that_comes_with_them()
    {
        float[] matrix = [.. Enumerable.Range(0, 45).Select(i => (float)i)];
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named("plain").WriteBase(_folder));
        string adapter = PeftCase.Named("plain").WriteAdapter(_folder, """{"peft_type":"LORA","r":2,"trainable_token_indices":[7]}""",
            Floats("base_model.model.model.embed_tokens.weight", matrix, 9, 5),
            Floats("base_model.model.model.embed_tokens.trainable_tokens_delta", [-1, -2, -3, -4, -5], 1, 5));
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, adapter);
        new float[] { -1, -2, -3, -4, -5 }.CopyTo(matrix, 35);
        byte[] bytes = new byte[180];
        Assert.That(MemoryMarshal.Cast<byte, float>(adapted.Checkpoint.GetTensor(Embedding).GetBytes(0, 180, bytes)).ToArray(),
            Is.EqualTo(matrix));
    }

    [Test]
    public void A_whole_tensor_has_the_bases_name_and_must_have_a_place_there()
    {
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named("tied embedding").WriteBase(_folder));
        string adapter = _folder.File("adapter");
        PeftCase.Named("plain").WriteAdapter(_folder);
        void Write(string name, int count) => SafetensorsWriter.Write(Path.Combine(adapter, PeftAdapter.WeightsName),
            [Floats("base_model.model." + name, new float[count], count)]);
        Write("_orig_mod.model.norm.weight", 5);
        using (AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, adapter))
            Assert.That(adapted.Changed, Is.EqualTo(new[] { "model.norm.weight" }));
        Write("score.weight", 5);
        Assert.That(() => AdaptedCheckpoint.Open(baseModel, adapter), Throws.TypeOf<CheckpointFormatException>()
            .With.Message.Contains("the base has no such tensor"));
    }

    [Test]
    public void The_head_of_a_tied_model_of_another_family_is_its_embedding()
    {
        string model = PeftCase.Named("plain").WriteBase(_folder), adapter = _folder.File("adapter");
        PeftCase.Named("plain").WriteAdapter(_folder, """{"peft_type":"LORA","r":1,"lora_alpha":1}""");
        SafetensorsWriter.Write(Path.Combine(model, "model.safetensors"), [Floats("gpt_neox.embed_in.weight", [1, 2, 3, 4], 2, 2)]);
        File.WriteAllText(Path.Combine(model, Config), "{\"tie_word_embeddings\":true}");
        SafetensorsWriter.Write(Path.Combine(adapter, PeftAdapter.WeightsName),
            [Floats("base_model.model.embed_out.lora_A.weight", [1, 10], 1, 2),
            Floats("base_model.model.embed_out.lora_B.weight", [1, 2], 2, 1)]);
        using Checkpoint baseModel = Checkpoint.Open(model);
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, adapter);
        byte[] bytes = new byte[16];
        Assert.That(MemoryMarshal.Cast<byte, float>(adapted.Checkpoint.Tensors.Single().GetBytes(0, 16, bytes)).ToArray(),
            Is.EqualTo((float[])[2, 12, 5, 24]));
    }

    [Test]
    public void A_head_that_is_added_lies_in_one_file_and_progress_ends_with_each()
    {
        PeftCase golden = PeftCase.Named("modules_to_save unties");
        string adapter = golden.WriteAdapter(_folder, null, Floats(Q + ".lora_A.weight", new float[40], 8, 5),
            Floats(Q + ".lora_B.weight", new float[56], 7, 8));
        List<PatchProgress> heard = [];
        AdapterApplication.Apply(golden.WriteShardedBase(_folder), adapter, Output, progress: new Hearing(heard.Add));
        foreach (string path in Directory.GetFiles(Output, "*.safetensors"))
        {
            using SafetensorsFile shard = SafetensorsFile.Open(path);
            Assert.That(shard.Tensors.Select(t => t.Name).Contains("lm_head.weight"),
                Is.EqualTo(shard.Tensors.Any(t => t.Name == Embedding)), path);
            long total = shard.Tensors.Sum(t => t.ByteLength);
            PatchProgress[] own = [.. heard.Where(p => p.File == Path.GetFileName(path))];
            if (own.Length > 0) Assert.That(own[^1], Is.EqualTo(new PatchProgress(Path.GetFileName(path), total, total)));
        }
        Assert.That(heard.Select(p => p.File).Distinct().Count(), Is.EqualTo(2));
        Assert.That(File.ReadAllText(Path.Combine(Output, Config)), Is.EqualTo("{\n  \"tie_word_embeddings\": false\n}\n"));
        Assert.That(File.ReadAllText(Path.Combine(Output, "model.safetensors.index.json")), Does.EndWith("}\n"));
    }

    [Test]
    public void A_larger_vocabulary_beside_other_changes_is_one_all_the_same()
    {
        PeftCase golden = PeftCase.Named("embedding of a larger vocabulary");
        string baseModel = golden.WriteBase(_folder), adapter = golden.WriteAdapter(_folder, null,
            Floats(Q + ".lora_A.weight", new float[10], 2, 5), Floats(Q + ".lora_B.weight", new float[14], 7, 2));
        File.WriteAllText(Path.Combine(baseModel, Config), "{\"vocab_size\":9}");
        File.WriteAllText(Path.Combine(baseModel, Tokenizer), "base");
        AdapterResult result = AdapterApplication.Apply(baseModel, adapter, Output);
        Assert.That(File.ReadAllText(Path.Combine(Output, Config)), Is.EqualTo("{\n  \"vocab_size\": 11\n}\n"), "no word of tying");
        Assert.That(File.ReadAllText(Path.Combine(Output, Tokenizer)), Is.EqualTo("base"));
        Assert.That(result.Notes, Is.EqualTo(new[] { "The adapter changes the number of tokens and has no tokenizer beside it: the base's "
            + "went along, and does not name the other rows." }));
        File.WriteAllText(Path.Combine(adapter, Tokenizer), "adapter");
        File.Delete(Path.Combine(baseModel, Config));
        AdapterApplication.Apply(baseModel, Path.Combine(adapter, PeftAdapter.WeightsName), Output + "2");
        Assert.That(TicketFixture.Names(Output + "2"), Is.EqualTo(new[] { "model.safetensors", Tokenizer }));
        Assert.That(File.ReadAllText(Path.Combine(Output + "2", Tokenizer)), Is.EqualTo("adapter"));
    }

    [Test]
    public void The_tokenizer_of_an_adapter_that_adds_no_token_stays_where_it_is()
    {
        string baseModel = PeftCase.Named("plain").WriteBase(_folder), adapter = PeftCase.Named("plain").WriteAdapter(_folder);
        File.WriteAllText(Path.Combine(baseModel, Tokenizer), "base");
        File.WriteAllText(Path.Combine(adapter, Tokenizer), "adapter");
        AdapterResult result = AdapterApplication.Apply(baseModel, adapter, Output);
        Assert.That(File.ReadAllText(Path.Combine(Output, Tokenizer)), Is.EqualTo("base"));
        Assert.That((result.WrittenFiles.Single(), result.Notes.Count), Is.EqualTo(("model.safetensors", 0)));
    }

    [Test]
    public void A_value_that_is_no_number_is_told_by_the_rows_that_were_written_before()
    {
        const int Width = 1024, Rows = 600;
        float[] matrix = new float[Rows * Width];
        matrix[^1] = float.NaN;
        string baseModel = PeftCase.Named("plain").WriteBase(_folder), adapter = PeftCase.Named("plain").WriteAdapter(_folder);
        SafetensorsWriter.Write(Path.Combine(baseModel, "model.safetensors"), [Floats(Embedding, new float[matrix.Length], Rows, Width)]);
        SafetensorsWriter.Write(Path.Combine(adapter, PeftAdapter.WeightsName),
            [Floats("base_model.model.model.embed_tokens.weight", matrix, Rows, Width)]);
        Assert.That(() => AdapterApplication.Apply(baseModel, adapter, Output), Throws.TypeOf<NotFiniteNumberException>()
            .With.Message.EqualTo($"tensor \"{Embedding}\" of the merged model holds a NaN or an infinity at or after row 512: the "
                + "adapter is damaged, or beyond the range of F32. Take another, or write it all the same "
                + "(PatchOptions.AllowsNonFinite)."));
    }

    /// <summary>The tuned checkpoint whose vocabulary is taken may be an adapter.</summary>
    [Test]
    public void A_patch_is_applied_with_the_vocabulary_of_an_adapter()
    {
        const string Rows = "base_model.model.model.embed_tokens.";
        string path = PeftCase.Named("tied embedding").WriteBase(_folder), patch = _folder.File(TicketPatch.FileName), adapter =
            PeftCase.Named("plain").WriteAdapter(_folder, """{"peft_type":"LORA","r":1,"lora_alpha":1}""");
        SafetensorsWriter.Write(Path.Combine(adapter, PeftAdapter.WeightsName),
            [Floats(Rows + "base_layer.weight", [.. Enumerable.Range(0, 55).Select(i => (float)i)], 11, 5),
            Floats(Rows + "lora_embedding_A", [.. Enumerable.Repeat(1f, 11)], 1, 11),
            Floats(Rows + "lora_embedding_B", [.. Enumerable.Repeat(100f, 5)], 5, 1)]);
        using (Checkpoint baseModel = Checkpoint.Open(path))
        using (AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, adapter))
            TicketPatch.Write(patch, [TicketFixture.Rows(baseModel.GetTensor(Embedding), adapted.Checkpoint.GetTensor(Embedding),
                [.. Enumerable.Range(0, 9)])], new() { Signature = "", Pairing = RowPairing.ById(9, 11) });
        PatchApplication.Apply(path, patch, Output, new() { ResizeAs = adapter });
        using Checkpoint result = Checkpoint.Open(Output);
        Assert.That(MemoryMarshal.Cast<byte, float>(result.GetTensor(Embedding).GetBytes(0, 220, [])).ToArray(),
            Is.EqualTo(Enumerable.Range(100, 55).Select(i => (float)i)));
    }

    private static TensorSource Floats(string name, float[] values, params long[] shape) =>
        TensorSource.FromBytes(name, ElementType.F32, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    private sealed class Hearing(Action<PatchProgress> hear) : IProgress<PatchProgress>
    {
        public void Report(PatchProgress value) => hear(value);
    }
}
