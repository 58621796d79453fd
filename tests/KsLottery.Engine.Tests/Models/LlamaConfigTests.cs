using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

[TestFixture]
public class LlamaConfigTests
{
    private const string Min =
        """ "model_type": "llama", "hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 5, "num_attention_heads": 8, "vocab_size": 512 """;

    [Test]
    public void What_is_left_out_has_the_values_of_Transformers()
    {
        LlamaConfig config = Read($"{{{Min}}}");
        Assert.Multiple(() =>
        {
            Assert.That(config.Attention, Is.EqualTo(new AttentionShape(8, 8, 8)));
            Assert.That((config.NormEpsilon, config.RopeTheta, config.MaxLength, config.IsTied), Is.EqualTo((1e-6, 10_000.0, 2048, false)));
            Assert.That(config.RopeScaling, Is.Null);
            Assert.That(config.EosTokenIds, Is.Empty);
        });
    }

    [Test]
    public void Llama_3_is_read_and_written_back_the_same()
    {
        LlamaConfig config = Read($$"""
            {{{Min}}, "num_key_value_heads": 2, "head_dim": 32, "rope_theta": 500000.0, "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": [2, 5],
             "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"} }
            """);
        Assert.That((config.Attention, config.RopeScaling, config.IsTied),
            Is.EqualTo((new AttentionShape(8, 2, 32), (RopeScaling)new Llama3RopeScaling(8, 1, 4, 8192), true)));
        using MemoryStream written = new();
        config.WriteTo(written, ElementType.F32);
        LlamaConfig again = Read(System.Text.Encoding.UTF8.GetString(written.ToArray()));
        Assert.That(again with { EosTokenIds = [] }, Is.EqualTo(config with { EosTokenIds = [] }));
        Assert.That(again.EosTokenIds, Is.EqualTo(new[] { 2, 5 }));
    }

    /// <summary>Figures of Meta's scaling of LLaMA 3.1, worked out by hand: 8192 tokens, factor 8, waves from 1 to 4.</summary>
    [TestCase(8192 / 0.5, 8192 / 0.5 * 8)]
    [TestCase(8192 / 4.0, 8192 / 4.0)]
    [TestCase(8192 / 100.0, 8192 / 100.0)]
    [TestCase(8192 / 2.5, 8192 / 2.5 / (0.5 + (0.5 / 8)))]
    public void Llama_3_stretches_slow_waves_only(double wave, double expected) => Assert.That(
        2 * Math.PI / new Llama3RopeScaling(8, 1, 4, 8192).Apply(2 * Math.PI / wave), Is.EqualTo(expected).Within(1e-9 * expected));

    [TestCase("\"attention_bias\": true", "attention_bias is true")]
    [TestCase("\"hidden_act\": \"gelu\"", "hidden_act is \"gelu\"")]
    [TestCase("\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2.0}", "rope_scaling is \"yarn\"")]
    [TestCase("\"sliding_window\": 4096", "sliding_window is 4096")]
    [TestCase("\"quantization_config\": {}", "quantization_config is set")]
    public void Settings_that_are_not_computed_are_refused_by_name(string setting, string message) =>
        Assert.That(() => Read($"{{{Min}, {setting}}}"), Throws.TypeOf<NotSupportedException>().With.Message.Contains(message));

    [Test]
    public void Another_model_is_refused_by_name() =>
    Assert.That(() => Read($"{{{Min.Replace("llama", "gemma", StringComparison.Ordinal)}}}"),
        Throws.TypeOf<NotSupportedException>().With.Message.Contains("model_type is \"gemma\""));

    [TestCase("\"num_key_value_heads\": 3", "multiple of num_key_value_heads 3")]
    [TestCase("\"head_dim\": 7", "7 is odd")]
    [TestCase("\"vocab_size\": 0", "from 1 to")]
    [TestCase("\"rms_norm_eps\": -1", "at least 0")]
    [TestCase("\"eos_token_id\": \"</s>\"", "token id")]
    [TestCase("\"rope_scaling\": {\"rope_type\": \"linear\"}", "factor is missing")]
    public void Values_that_no_model_has_name_key_and_range(string setting, string message) =>
        Assert.That(() => Read($"{{{Min}, {setting}}}"), Throws.TypeOf<CheckpointFormatException>().With.Message.Contains(message));

    [Test]
    public void A_weight_of_another_shape_names_both()
    {
        using TemporaryFolder folder = new();
        using ReferenceOperations operations = new();
        string path = folder.File("model.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("model.embed_tokens.weight", ElementType.F32, [2, 4], new byte[32])]);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Assert.That(() => LlamaWeights.Open(checkpoint, TinyModels.Config(), operations),
            Throws.TypeOf<CheckpointFormatException>().With.Message.Contains("[2, 4]").And.Message.Contains("[11, 8]"));
    }

    private static LlamaConfig Read(string json)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("config.json"), json);
        return LlamaConfig.Load(folder.File(""));
    }
}
