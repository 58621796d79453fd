using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Adapters that are refused, in the whole words: the file, the tensor, what it is, what to do.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PeftRefusalTests : IDisposable
{
    private const string Merge = "Merge it into its base with PEFT (merge_and_unload, then save_pretrained), and give that folder.",
        MergeThis = "Merge the adapter into its base with PEFT (merge_and_unload, then save_pretrained), and give that folder.",
        OtherBase = "Give the base that the adapter was made for", Again = "Save the adapter again with PEFT.";

    private readonly TemporaryFolder _folder = new();

    private string Adapter => _folder.File("adapter");

    private string Weights => Path.Combine(Adapter, PeftAdapter.WeightsName);

    private string Config => Path.Combine(Adapter, PeftAdapter.ConfigName);

    public void Dispose() => _folder.Dispose();

    [TestCase("""{"peft_type":"PROMPT_TUNING"}""", "this is a PROMPT_TUNING adapter, which puts vectors before the input and changes no "
        + "weight: there is nothing to compare. Give an adapter of weights, or a tuned checkpoint.")]
    [TestCase("""{"peft_type":"LORA","init_lora_weights":"PiSSA"}""", "this LoRA began as \"PiSSA\" (init_lora_weights), which changes "
        + "the base's own weights: added to BASE it would give another model. " + Merge)]
    [TestCase("""{"peft_type":"LORA","use_dora":true}""", "this adapter is DoRA (use_dora), which is not computed here. " + Merge)]
    [TestCase("""{"peft_type":"LORA","use_qalora":true}""", "this adapter is QALoRA (use_qalora), which is not computed here. " + Merge)]
    [TestCase("""{"peft_type":"LORA","use_bdlora":true}""", "this adapter is BD-LoRA (use_bdlora), which is not computed here. " + Merge)]
    [TestCase("""{"peft_type":7}""", "there is no peft_type in it. " + Again)]
    [TestCase("""{"peft_type":"LORA","r":"two"}""", "\"r\" is \"\"two\"\", it should be a number. " + Again)]
    [TestCase("[]", "the file must hold a JSON object. Give the folder of a PEFT adapter with replaced rows.")]
    public void A_configuration_is_refused_with_the_next_step(string config, string message)
    {
        PeftCase.Named("plain").WriteAdapter(_folder, config);
        AssertRefused("plain", $"{Config}: {message}");
    }

    [Test]
    public void A_tensor_is_refused_with_the_next_step()
    {
        const string Q = "base_model.model.model.layers.1.self_attn.q_proj", Rows = "base_model.model.model.embed_tokens";
        Refused("plain", "{}", $"this is a magnitude of DoRA, which is not computed here. {MergeThis}",
            Zeros(Q + ".lora_magnitude_vector", 7));
        Refused("plain", "{}", $"it is F32 [2,5], {Config} gives this module the rank 3. Take weights and configuration of one adapter.",
            Zeros(Q + ".lora_A.weight", 2, 5), Zeros(Q + ".lora_B.weight", 7, 2));
        Refused("plain", "[7,0,9]", "token 9 has no row in \"model.embed_tokens.weight\" of the base, which goes to 8. "
            + $"{OtherBase}, with its vocabulary as large as it was then.", Zeros(Rows + ".trainable_tokens_delta", 3, 5));
        Refused("plain", "[7,0]", "it is F32 [3,5], expected is F32, F16 or BF16 [2,d], a row for each of the 2 token ids in "
            + $"adapter_config.json, of at most {Array.MaxLength / 4} values in all. {Again}",
            Zeros(Rows + ".trainable_tokens_delta", 3, 5));
        Refused("plain", "[7,0]", "it is F32 [2,4] and does not fit \"model.embed_tokens.weight\" of the base, which is F32 [9,5]. "
            + $"{OtherBase}.", Zeros(Rows + ".trainable_tokens_delta", 2, 4));
        Refused("plain", "{}", $"of the two factors of a low-rank addition there is only this one. {Again}",
            Zeros(Rows + ".lora_embedding_A", 3, 9));
        Refused("plain", "{}", $"of the two factors of a low-rank addition there is only this one. {Again}",
            Zeros(Rows + ".lora_embedding_B", 5, 3));
        Refused("tied embedding", "{}", "in the base the output head is \"model.embed_tokens.weight\", and the adapter changes each by "
            + $"itself. {OtherBase}, with a head of its own.", Zeros(Rows + ".lora_embedding_A", 3, 9),
            Zeros(Rows + ".lora_embedding_B", 5, 3), Zeros("base_model.model.lm_head.lora_A.weight", 3, 5),
            Zeros("base_model.model.lm_head.lora_B.weight", 9, 3));
    }

    /// <summary>Each of a pair of factors is looked at, and both of their sides.</summary>
    [Test]
    public void Factors_of_another_type_or_without_a_rank_are_refused()
    {
        const string Q = "base_model.model.model.layers.1.self_attn.q_proj";
        const string Factors = "; they should be F32, F16 or BF16 [r,inputs] and [outputs,r]. " + OtherBase + ".";
        Refused("plain", "{}", $"it is I32 [3,5] and its other factor F32 [7,3]{Factors}",
            Zeros(ElementType.I32, Q + ".lora_A.weight", 3, 5), Zeros(Q + ".lora_B.weight", 7, 3));
        Refused("plain", "{}", $"it is F32 [3,5] and its other factor F64 [7,3]{Factors}",
            Zeros(Q + ".lora_A.weight", 3, 5), Zeros(ElementType.F64, Q + ".lora_B.weight", 7, 3));
        Refused("plain", "{}", $"it is F32 [0,5] and its other factor F32 [7,0]{Factors}",
            Zeros(Q + ".lora_A.weight", 0, 5), Zeros(Q + ".lora_B.weight", 7, 0));
        Refused("plain", "{}", $"it is F32 [3,0] and its other factor F32 [7,3]{Factors}",
            Zeros(Q + ".lora_A.weight", 3, 0), Zeros(Q + ".lora_B.weight", 7, 3));
        Refused("plain", "{}", $"it is F32 [3,5] and its other factor F32 [0,3]{Factors}",
            Zeros(Q + ".lora_A.weight", 3, 5), Zeros(Q + ".lora_B.weight", 0, 3));
        Refused("plain", "{}", "F32 [7,3] times F32 [3,4] does not fit \"model.layers.1.self_attn.q_proj.weight\" of the base, which is "
            + $"F32 [7,5]. {OtherBase}.", Zeros(Q + ".lora_A.weight", 3, 4), Zeros(Q + ".lora_B.weight", 7, 3));
        Refused("plain", "{}", "F32 [6,3] times F32 [3,5] does not fit \"model.layers.1.self_attn.q_proj.weight\" of the base, which is "
            + $"F32 [7,5]. {OtherBase}.", Zeros(Q + ".lora_A.weight", 3, 5), Zeros(Q + ".lora_B.weight", 6, 3));
        Refused("plain", "{}", "F32 [5,3] times F32 [3,8] does not fit \"model.layers.1.self_attn.q_proj.weight\" of the base, which is "
            + $"F32 [7,5]. {OtherBase}.", Zeros(Q + ".lora_A.weight", 3, 8), Zeros(Q + ".lora_B.weight", 5, 3));
    }

    [TestCase(".lora_A", true)]
    [TestCase(".lora_A.default", true)]
    [TestCase(".lora_A.default.weight", true)]
    [TestCase(".lora_A.a.b.weight", false)]
    [TestCase(".lora_Ax", false)]
    [TestCase(".lora_A.bias", false)]
    public void An_adapters_own_name_may_stand_behind_the_part(string rest, bool isKnown) =>
        Assert.That(PeftTensorName.Parse("base_model.model.a.q_proj" + rest).Role,
            Is.EqualTo(isKnown ? PeftRole.Down : PeftRole.Unknown));

    [Test]
    public void A_pickle_is_refused_with_the_way_out()
    {
        PeftCase.Named("plain").WriteAdapter(_folder);
        File.Move(Weights, Path.Combine(Adapter, "adapter_model.bin"));
        AssertRefused("plain", $"{Path.Combine(Adapter, "adapter_model.bin")}: the weights are a Python pickle, which can run any program "
            + "when it is read, and there is no adapter_model.safetensors. Load the adapter with PEFT where you trust it, and save it "
            + "again (safe_serialization=True, the default since PEFT 0.6).");
        string other = Path.Combine(Adapter, "notes.json");
        File.WriteAllText(other, "{}");
        Assert.That(AdaptedCheckpoint.IsAdapter(other), Is.False, "a file beside an adapter");
    }

    [Test]
    public void An_adapter_is_opened_by_any_of_its_files()
    {
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named("plain").WriteBase(_folder));
        PeftCase.Named("plain").WriteAdapter(_folder);
        foreach (string path in (string[])[Adapter, Weights, Config])
            using (AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, path))
                Assert.That(adapted.Changed, Has.Count.EqualTo(1));
    }

    private static TensorSource Zeros(string name, params long[] shape) => Zeros(ElementType.F32, name, shape);

    private static TensorSource Zeros(ElementType type, string name, params long[] shape) =>
        TensorSource.FromBytes(name, type, shape, new byte[type.ByteSize() * shape.Aggregate(1L, (a, b) => a * b)]);

    /// <summary>The first tensor is the one that is named.</summary>
    private void Refused(string baseCase, string ids, string message, params TensorSource[] tensors)
    {
        Directory.CreateDirectory(Adapter);
        File.WriteAllText(Config, $$"""{"peft_type":"LORA","r":3,"trainable_token_indices":{{ids}}}""");
        SafetensorsWriter.Write(Weights, tensors);
        long place;
        using (SafetensorsFile file = SafetensorsFile.Open(Weights)) place = file.GetTensor(tensors[0].Name).FileOffset;
        AssertRefused(baseCase, $"{Weights}, tensor \"{tensors[0].Name}\", byte {place}: {message}");
    }

    private void AssertRefused(string baseCase, string message)
    {
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named(baseCase).WriteBase(_folder));
        Assert.That(() => AdaptedCheckpoint.Open(baseModel, Adapter), Throws.TypeOf<CheckpointFormatException>()
            .With.Message.EqualTo(message));
    }
}
