using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AdapterApplicationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static IEnumerable<PeftCase> Cases => PeftCase.All;

    private string Output => _folder.File("merged");

    public void Dispose() => _folder.Dispose();

    [TestCaseSource(nameof(Cases))]
    public void The_folder_holds_the_merged_model(PeftCase golden)
    {
        foreach (bool isSharded in (bool[])[false, true])
        {
            string baseModel = isSharded ? golden.WriteShardedBase(_folder) : golden.WriteBase(_folder), output = Output + isSharded;
            AdapterResult result = AdapterApplication.Apply(baseModel, golden.WriteAdapter(_folder), output);
            using Checkpoint before = Checkpoint.Open(baseModel), merged = Checkpoint.Open(output);
            Assert.That(merged.Tensors.Select(t => t.Name),
                Is.EquivalentTo(before.Tensors.Select(t => t.Name).Union(golden.Expected.Keys)));
            foreach (Tensor tensor in merged.Tensors)
                Assert.That(tensor.GetBytes(0, (int)tensor.ByteLength, []).ToArray(), Is.EqualTo(golden.BytesOf(tensor.Name)), tensor.Name);
            Assert.That((merged.IsTied, result.IsTied), Is.EqualTo(((bool?)golden.IsTiedAfter, (bool?)golden.IsTiedAfter)));
            Assert.That(result.Changed, Is.EquivalentTo(golden.Expected.Keys));
            Assert.That(Directory.GetFiles(output).Select(Path.GetFileName), Is.EquivalentTo(
                result.WrittenFiles.Concat(result.LinkedFiles).Concat(result.CopiedFiles)).And
                    .EquivalentTo(Directory.GetFiles(baseModel).Select(Path.GetFileName)));
            if (!isSharded) continue;
            using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(output, "model.safetensors.index.json")));
            bool isGrown = merged.Tensors.Sum(t => t.ByteLength) != before.Tensors.Sum(t => t.ByteLength);
            Assert.That(index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64(),
                Is.EqualTo(isGrown ? merged.Tensors.Sum(t => t.ByteLength) : 1));
            Assert.That(index.RootElement.GetProperty("metadata").GetProperty("x").GetString(), Is.EqualTo("y"));
            Assert.That(result.WrittenFiles.Count(f => f.EndsWith(".safetensors", StringComparison.Ordinal)),
                Is.LessThan(before.Shards.Count), "untouched shards are carried");
        }
    }

    [Test]
    public void A_larger_vocabulary_brings_its_size_and_its_tokenizer()
    {
        PeftCase golden = PeftCase.Named("embedding of a larger vocabulary");
        string baseModel = golden.WriteBase(_folder), adapter = golden.WriteAdapter(_folder);
        File.WriteAllText(Path.Combine(baseModel, "config.json"), """{"vocab_size":9,"tie_word_embeddings":false,"x":[1]}""");
        foreach (string name in (string[])["tokenizer.json", "special_tokens_map.json"])
            File.WriteAllText(Path.Combine(baseModel, name), "base");
        Assert.That(AdapterApplication.Apply(baseModel, adapter, Output).Notes, Has.Some.Contains("no tokenizer beside it"));
        File.WriteAllText(Path.Combine(adapter, "tokenizer.json"), "adapter");
        AdapterResult result = AdapterApplication.Apply(baseModel, adapter, Output + "2");
        Assert.That(File.ReadAllText(Path.Combine(Output + "2", "tokenizer.json")), Is.EqualTo("adapter"));
        Assert.That(File.Exists(Path.Combine(Output + "2", "special_tokens_map.json")), Is.False, "a mixture of both would be neither");
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Output + "2", "config.json")));
        Assert.That((config.RootElement.GetProperty("vocab_size").GetInt32(), config.RootElement.GetProperty("x").GetArrayLength()),
            Is.EqualTo((11, 1)));
        Assert.That(result.Notes, Is.Empty);
    }

    [Test]
    public void The_size_of_a_vocabulary_is_set_where_the_configuration_has_it()
    {
        PeftCase golden = PeftCase.Named("embedding of a larger vocabulary");
        string baseModel = golden.WriteBase(_folder), adapter = golden.WriteAdapter(_folder);
        File.WriteAllText(Path.Combine(baseModel, "config.json"),
            """{"tie_word_embeddings":false,"text_config":{"vocab_size":9,"hidden_size":5}}""");
        AdapterApplication.Apply(baseModel, adapter, Output);
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Output, "config.json")));
        Assert.That(config.RootElement.GetProperty("text_config").GetProperty("vocab_size").GetInt32(), Is.EqualTo(11));
        Assert.That(config.RootElement.TryGetProperty("vocab_size", out _), Is.False);
    }

    [Test]
    public void Values_that_are_no_numbers_are_written_only_where_they_are_asked_for()
    {
        byte[] rows = new byte[40];
        BitConverter.TryWriteBytes(rows.AsSpan(24), float.NaN);
        PeftCase golden = PeftCase.Named("plain");
        string baseModel = golden.WriteBase(_folder), adapter =
            golden.WriteAdapter(_folder, """{"peft_type":"LORA","r":2,"lora_alpha":16,"trainable_token_indices":[3,6]}""",
            TensorSource.FromBytes("base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", ElementType.F32, [2, 5],
                rows));
        Assert.That(() => AdapterApplication.Apply(baseModel, adapter, Output), Throws.InstanceOf<NotFiniteNumberException>()
            .With.Message.Contains("model.embed_tokens.weight").And.Message.Contains($"{Remedy.AllowNonFinite}"));
        Assert.That(Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName), Is.EquivalentTo((string[])["adapter", "base"]),
            "nothing is left behind");
        AdapterResult result = AdapterApplication.Apply(baseModel, adapter, Output, new() { AllowsNonFinite = true });
        using Checkpoint merged = Checkpoint.Open(Output);
        Assert.That(merged.GetTensor("model.embed_tokens.weight").GetRow<float>(6)[1], Is.NaN);
        Assert.That(result.Changed, Has.Count.EqualTo(2));
        Assert.That(() => AdapterApplication.Apply(baseModel, adapter, adapter),
            Throws.InstanceOf<IOException>().With.Message.Contains("input"));
    }
}
