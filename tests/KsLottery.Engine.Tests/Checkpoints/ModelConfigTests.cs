using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ModelConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_real_configuration_is_understood()
    {
        ModelConfig config = ModelConfig.TryLoad(SharedData.Path("models", "hf", "stories260K_hf"))!;

        Assert.That((config.Architecture, config.ModelType, config.TieWordEmbeddings), Is.EqualTo(("LlamaForCausalLM", "llama", true)));
        Assert.That((config.VocabularySize, config.HiddenSize, config.LayerCount), Is.EqualTo((512L, 64L, 5L)));
        Assert.That(config.BosTokenIds, Is.EqualTo(new[] { 1L }));
        Assert.That(config.EosTokenIds, Is.EqualTo(new[] { 2L }));
        Assert.That(config.PadTokenIds, Is.Empty);
    }

    [Test]
    public void Ids_may_be_a_number_a_list_nothing_or_minus_one()
    {
        ModelConfig config = Load("""{"bos_token_id":128000,"eos_token_id":[128001,128008],"pad_token_id":null,"unk_token_id":-1}""")!;

        Assert.That(config.BosTokenIds, Is.EqualTo(new[] { 128000L }));
        Assert.That(config.EosTokenIds, Is.EqualTo(new[] { 128001L, 128008L }));
        Assert.That(config.PadTokenIds.Concat(config.UnkTokenIds), Is.Empty);
    }

    [Test]
    public void Other_names_and_nested_text_models_are_understood()
    {
        ModelConfig config = Load("""
            {"architectures":[],"model_type":"gpt2","n_layer":12,
             "text_config":{"vocab_size":9,"n_embd":7,"model_type":"inner","tie_word_embeddings":false}}
            """)!;

        Assert.That((config.Architecture, config.ModelType, config.VocabularySize, config.HiddenSize, config.LayerCount,
            config.TieWordEmbeddings),
            Is.EqualTo(((string?)null, "gpt2", 9L, 7L, 12L, false)));
    }

    [TestCase("""{"weight_block_size":[64,128]}""", 64, 128)]
    [TestCase("""{"config_groups":{"group_0":{"weights":{"block_structure":[16,32]}},"group_1":{"weights":null}}}""", 16, 32)]
    [TestCase("""{"config_groups":{"group_0":{"weights":{"block_structure":null}}},"weight_block_size":null}""", null, null)]
    [TestCase("""{"config_groups":{"a":{"weights":{"block_structure":[1,2]}},"b":{"weights":{"block_structure":[2,1]}}}}""", null, null)]
    [TestCase("{}", null, null)]
    public void The_block_of_a_quantization_is_read_where_it_is_one(string quantization, int? rows, int? columns) =>
        Assert.That(Load($$"""{"quantization_config":{{quantization}}}""")!.WeightBlock,
            Is.EqualTo(rows is null ? null : ((int, int)?)(rows.Value, columns!.Value)));

    [Test]
    public void No_file_is_no_configuration_and_an_empty_object_says_nothing()
    {
        Assert.That(ModelConfig.TryLoad(_folder.Path), Is.Null);
        ModelConfig empty = Load("{}")!;
        Assert.That((empty.Architecture, empty.TieWordEmbeddings, empty.VocabularySize),
            Is.EqualTo(((string?)null, (bool?)null, (long?)null)));
        Assert.That(empty.EosTokenIds, Is.Empty);
    }

    [TestCase("""{"quantization_config":{"weight_block_size":[128]}}""", "weight_block_size must be two integers from 1")]
    [TestCase("""{"quantization_config":{"weight_block_size":[128,0]}}""", "it is [128,0]")]
    [TestCase("", "not JSON in line 1")]
    [TestCase("{\n\"a\":", "not JSON in line 2")]
    [TestCase("[]", "must hold a JSON object")]
    [TestCase("""{"vocab_size":"32000"}""", "vocab_size has the JSON type String")]
    [TestCase("""{"vocab_size":-1}""", "vocab_size must be an integer")]
    [TestCase("""{"vocab_size":1.5}""", "vocab_size must be an integer")]
    [TestCase("""{"eos_token_id":[1,"2"]}""", "eos_token_id must be a token id")]
    [TestCase("""{"eos_token_id":1e30}""", "eos_token_id must be a token id")]
    [TestCase("""{"architectures":[1]}""", "architectures must be")]
    [TestCase("""{"tie_word_embeddings":1}""", "tie_word_embeddings has the JSON type Number")]
    [TestCase("""{"model_type":"\ud800"}""", "lone surrogate")]
    public void A_file_that_cannot_be_understood_is_refused(string json, string message)
    {
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Load(json))!;
        Assert.That((e.Kind, e.Path), Is.EqualTo((CheckpointDefect.InvalidConfig, _folder.File("config.json"))));
        Assert.That(e.Message, Does.Contain(message));
    }

    private ModelConfig? Load(string json)
    {
        File.WriteAllText(_folder.File("config.json"), json);
        return ModelConfig.TryLoad(_folder.Path);
    }
}
