using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AdaptedCheckpointTests : IDisposable
{
    private const string Q = "base_model.model.model.layers.0.self_attn.q_proj",
        Other = "base_model.model.model.layers.1.self_attn.q_proj";

    private readonly TemporaryFolder _folder = new();

    private static IEnumerable<PeftCase> Cases => PeftCase.All;

    public void Dispose() => _folder.Dispose();

    [TestCaseSource(nameof(Cases))]
    public void Every_tensor_has_the_bytes_that_the_merged_model_has(PeftCase golden)
    {
        foreach (bool isMapped in (bool[])[true, false])
        {
            CheckpointOptions options = new() { UseMemoryMap = isMapped };
            using Checkpoint baseModel = Checkpoint.Open(golden.WriteBase(_folder), options);
            using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, golden.WriteAdapter(_folder), options);
            Checkpoint result = adapted.Checkpoint;

            Assert.That(result.Tensors.Select(t => t.Name),
                Is.EquivalentTo(baseModel.Tensors.Select(t => t.Name).Union(golden.Expected.Keys)));
            foreach (Tensor tensor in result.Tensors)
            {
                Assert.That(Bytes(tensor), Is.EqualTo(golden.BytesOf(tensor.Name)), tensor.Name);
                if (golden.Expected.TryGetValue(tensor.Name, out TensorSource? expected))
                    Assert.That((tensor.ElementType, tensor.Shape), Is.EqualTo((expected.ElementType, expected.Shape)), tensor.Name);
            }
            Assert.That(adapted.Changed, Is.EquivalentTo(golden.Expected.Keys));
            Assert.That(adapted.ChangesEmbedding, Is.EqualTo(golden.Expected.ContainsKey("model.embed_tokens.weight")));
            Assert.That(result.IsTied, Is.EqualTo(golden.IsTiedAfter));
            Assert.That((adapted.Kind, adapted.BaseModelName),
                Is.EqualTo((golden.Config.GetProperty("peft_type").GetString(), "somewhere/else")));
        }
    }

    [Test]
    public void Any_range_of_a_computed_tensor_is_that_range_of_the_whole()
    {
        PeftCase golden = PeftCase.Named("F32 over BF16");
        using Checkpoint baseModel = Checkpoint.Open(golden.WriteBase(_folder));
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, golden.WriteAdapter(_folder));
        string name = adapted.Changed.Single();
        Tensor tensor = adapted.Checkpoint.GetTensor(name);
        byte[] whole = golden.BytesOf(name);
        Random random = new(7);
        Parallel.For(0, 200, _ =>
        {
            int start, length;
            lock (random) (start, length) = (random.Next(whole.Length), 0);
            lock (random) length = random.Next(whole.Length - start + 1);
            Assert.That(tensor.GetBytes(start, length, new byte[length]).SequenceEqual(whole.AsSpan(start, length)), Is.True,
                $"{start} + {length}");
        });
        Assert.That(() => tensor.GetBytes(whole.Length, 1, new byte[1]).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());
        using MemoryStream stream = new();
        tensor.CopyTo(stream);
        Assert.That(stream.ToArray(), Is.EqualTo(whole));
        SafetensorsWriter.Write(_folder.File("merged.safetensors"), [TensorSource.FromTensor(tensor)]);
        using SafetensorsFile merged = SafetensorsFile.Open(_folder.File("merged.safetensors"));
        Assert.That(Fingerprint.OfTensor(tensor), Is.EqualTo(Fingerprint.OfTensor(merged.GetTensor(name))));
    }

    [TestCase("""{"peft_type":"IA3"}""", "\"IA3\"", "merge_and_unload")]
    [TestCase("""{"peft_type":"LOHA"}""", "\"LOHA\"", "merge_and_unload")]
    [TestCase("""{"peft_type":"PREFIX_TUNING"}""", "PREFIX_TUNING", "changes no weight")]
    [TestCase("""{"r":2}""", "peft_type", "Save the adapter again")]
    [TestCase("""{"peft_type":"LORA","r":2,"use_dora":true}""", "DoRA", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"lora_bias":true}""", "lora_bias", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"layer_replication":[[0,4],[2,5]]}""", "layer_replication", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"target_parameters":["experts.gate_up_proj"]}""", "target_parameters", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"alora_invocation_tokens":[1,2]}""", "activated LoRA", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"use_tomorrows_lora":true}""", "use_tomorrows_lora", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"kasa_config":{"beta":1}}""", "kasa_config", "merge_and_unload")]
    [TestCase("""{"peft_type":"LORA","r":2,"init_lora_weights":"pissa_niter_16"}""", "pissa_niter_16", "base's own weights")]
    [TestCase("""{"peft_type":"LORA","r":2,"init_lora_weights":"olora"}""", "olora", "base's own weights")]
    [TestCase("""{"peft_type":"LORA","r":2,"init_lora_weights":"loftq"}""", "loftq", "base's own weights")]
    [TestCase("""{"peft_type":"LORA","r":3}""", "rank 3", "[2,5]")]
    [TestCase("""{"peft_type":"LORA","r":"two"}""", "\"r\"", "should be a number")]
    [TestCase("""{"peft_type":"LORA","r":2,"rank_pattern":{"(q_proj":2}}""", "(q_proj", "regular expression")]
    [TestCase("""{"peft_type":"LORA","r":2,"alpha_pattern":{"(([a-z_.0-9]+)+)+!":2}}""", "takes more than", "for one name")]
    [TestCase("""{"peft_type":"LORA","r":2,"alpha_pattern":{"q_proj":"4"}}""", "q_proj", "should be a number")]
    [TestCase("""{"peft_type":"LORA","r":2,"rank_pattern":[2]}""", "rank_pattern", "an object of names and numbers")]
    [TestCase("""{"peft_type":"\ud800"}""", "lone surrogate")]
    [TestCase("""{"peft_type":"LORA","r":2""", "not JSON", "line 1")]
    public void What_is_not_computed_is_refused_by_name_with_a_next_step(string config, params string[] words) =>
        AssertRefused(() => PeftCase.Named("plain").WriteAdapter(_folder, config), words);

    [TestCase("""{"peft_type":"LORA","r":2,"init_lora_weights":"gaussian","use_rslora":false,"loftq_config":{},"lora_dropout":0.1,"target_parameters":[]}""")]
    [TestCase("""{"peft_type":"LORA","r":2,"init_lora_weights":true,"megatron_core":"megatron.core","use_dora":false,"layer_replication":null}""")]
    [TestCase("""{"peft_type":"LORA","r":2,"loftq_config":{"a":1},"eva_config":{"a":1},"corda_config":{"a":1},"lora_ga_config":{"a":1}}""")]
    [TestCase("""{"peft_type":"LORA","r":2,"megatron_config":{"a":1},"runtime_config":{"a":1},"use_rslora":true}""")]
    public void Settings_that_change_no_value_of_the_result_are_passed_over(string config)
    {
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named("plain").WriteBase(_folder));
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, PeftCase.Named("plain").WriteAdapter(_folder, config));
        Assert.That(adapted.Changed, Has.Count.EqualTo(1));
    }

    [TestCase(Q + ".lora_magnitude_vector", "magnitude of DoRA", 7)]
    [TestCase(Q + ".lora_B.bias", "no part of LORA", 7)]
    [TestCase(Q + ".lora_A.default.weight", "another tensor is the same part of \"model.layers.0.self_attn.q_proj\"", 2, 5)]
    [TestCase(Q + ".trainable_tokens_delta", "replaced rows and a low-rank addition at once", 1, 5)]
    [TestCase("base_model.model.model.norm.lora_A.weight", "is F32 [5]; a low-rank addition is computed for matrices of F32", 2, 5)]
    [TestCase(Q + ".lora_diag", "no part of LORA", 7)]
    [TestCase("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight", "model.layers.9.self_attn.q_proj.weight", 2, 5)]
    [TestCase("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight", "only this one", 2, 5)]
    [TestCase("base_model.model.model.norm.weight", "does not fit", 7)]
    [TestCase("base_model.model.model.embed_tokens.weight", "does not fit", 9, 6)]
    [TestCase("base_model.model.score.weight", "score.weight", 2, 5)]
    [TestCase("base_model.model.model.embed_tokens.trainable_tokens_delta", "no token ids", 2, 5)]
    public void A_tensor_that_does_not_belong_is_named(string name, string word, params int[] shape) => AssertRefused(
        () => PeftCase.Named("plain")
            .WriteAdapter(_folder, null, TensorSource.FromBytes(name, ElementType.F32, [.. shape.Select(d => (long)d)],
            new byte[4 * shape.Aggregate(1, (a, b) => a * b)])), word);

    [Test]
    public void Factors_that_do_not_fit_the_base_are_named_with_all_shapes() =>
        AssertRefused(() => PeftCase.Named("F32 over BF16").WriteAdapter(_folder), "F32 [12,5]", "F32 [5,67]", "F32 [7,5]",
            "Give the base that the adapter was made for");

    [Test]
    public void Factors_that_do_not_fit_each_other_are_named_with_both_shapes() =>
        AssertRefused(() => PeftCase.Named("plain").WriteAdapter(_folder, null, Zeros(Other + ".lora_A.weight", 2, 5),
            Zeros(Other + ".lora_B.weight", 7, 3)), "F32 [2,5] and its other factor F32 [7,3]", "[r,inputs] and [outputs,r]");

    [Test]
    public void Whole_tensors_are_of_a_type_that_can_be_rounded_to_the_bases() =>
        AssertRefused(() => PeftCase.Named("plain").WriteAdapter(_folder, null, TensorSource.FromBytes("base_model.model.model.norm.weight",
            ElementType.I32, [5], new byte[20])), "values of I32 cannot be brought to F32, the type of the base's");

    [Test]
    public void An_adapter_that_changes_nothing_or_is_too_long_is_refused()
    {
        string adapter = PeftCase.Named("plain").WriteAdapter(_folder);
        SafetensorsWriter.Write(Path.Combine(adapter, PeftAdapter.WeightsName),
            [Zeros("base_model.model.model.norm.original_module.weight", 5)]);
        AssertRefused(() => adapter, "there is no tensor in it that changes the base", "Save the adapter again with PEFT");
        using (FileStream config = File.OpenWrite(Path.Combine(adapter, PeftAdapter.ConfigName))) config.SetLength((64 << 20) + 1);
        AssertRefused(() => adapter, "67108865 bytes, allowed are 67108864");
    }

    [Test]
    public void A_token_that_the_base_lacks_is_named() =>
        AssertRefused(() => PeftCase.Named("tokens").WriteAdapter(_folder, """{"peft_type":"TRAINABLE_TOKENS","token_indices":[7,0,9]}"""),
            "token 9", "goes to 8");

    [Test]
    public void A_tied_base_refuses_rows_and_additions_of_its_own_for_the_head()
    {
        string own = PeftCase.Named("tokens of embedding and head").WriteAdapter(_folder);
        AssertRefusedOver("tied embedding", () => own, "lm_head", "no copy");
        AssertRefusedOver("tied embedding", () => PeftCase.Named("tied embedding").WriteAdapter(_folder, null,
            Zeros("base_model.model.lm_head.lora_A.weight", 3, 5), Zeros("base_model.model.lm_head.lora_B.weight", 9, 3)),
                "each by itself");
    }

    [Test]
    public void A_pickle_is_never_read_and_other_folders_are_no_adapters()
    {
        string folder = PeftCase.Named("plain").WriteAdapter(_folder), weights = Path.Combine(folder, PeftAdapter.WeightsName);
        Assert.That(AdaptedCheckpoint.IsAdapter(folder) && AdaptedCheckpoint.IsAdapter(weights)
            && AdaptedCheckpoint.IsAdapter(Path.Combine(folder, PeftAdapter.ConfigName)));
        Assert.That(AdaptedCheckpoint.IsAdapter(PeftCase.Named("plain").WriteBase(_folder)), Is.False);
        Assert.That(AdaptedCheckpoint.IsAdapter(_folder.File("absent")), Is.False);
        File.Move(weights, Path.Combine(folder, "adapter_model.bin"));
        AssertRefused(() => folder, "adapter_model.bin", "pickle", "save it again");
        File.Delete(Path.Combine(folder, "adapter_model.bin"));
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named("plain").WriteBase(_folder));
        Assert.That(() => AdaptedCheckpoint.Open(baseModel, folder),
            Throws.InstanceOf<FileNotFoundException>().With.Message.Contains(weights));
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), []);
        Assert.That(AdaptedCheckpoint.IsAdapter(folder), Is.False, "a merged model beside it is what is meant");
    }

    [Test]
    public void A_file_that_was_refused_is_released()
    {
        string adapter = PeftCase.Named("F32 over BF16").WriteAdapter(_folder), weights = Path.Combine(adapter, PeftAdapter.WeightsName);
        AssertRefused(() => adapter, "does not fit");
        Assert.That(() => SafetensorsWriter.Write(weights, [Zeros("a", 1)]), Throws.Nothing, "nobody writes over a file that is open");
    }

    private void AssertRefused(Func<string> writeAdapter, params string[] words) => AssertRefusedOver("plain", writeAdapter, words);

    private void AssertRefusedOver(string caseOfBase, Func<string> writeAdapter, params string[] words)
    {
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named(caseOfBase).WriteBase(_folder));
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => AdaptedCheckpoint.Open(baseModel, writeAdapter()))!;
        Assert.That(e.Kind, Is.EqualTo(CheckpointDefect.InvalidAdapter));
        foreach (string word in words) Assert.That(e.Message, Does.Contain(word).And.EndWith("."));
    }

    private static TensorSource Zeros(string name, params long[] shape) =>
        TensorSource.FromBytes(name, ElementType.F32, shape, new byte[4 * shape.Aggregate(1L, (a, b) => a * b)]);

    private static byte[] Bytes(Tensor tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        ReadOnlySpan<byte> read = tensor.GetBytes(0, bytes.Length, bytes);
        return read.ToArray();
    }
}
