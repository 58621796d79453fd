using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Conversion;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tests.Checkpoints;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class Llama2cConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.File("out");

    public void Dispose() => _folder.Dispose();

    [TestCase("stories260K/stories260K_v0.bin", "hf/stories260K_hf")]
    [TestCase("stories260K/stories260K_v1.bin", "hf/stories260K_hf")]
    [TestCase("babyllama/babyllama_tok105_model5000.bin", "hf/babyllama_tok105_hf")]
    [TestCase("tuned-pairs/en-da_input_embedding_seed1/model.bin", "tuned-pairs/en-da_input_embedding_seed1", true)]
    [TestCase("tuned-pairs/en-da_input_embedding_hot_seed1/model.bin", "tuned-pairs/en-da_input_embedding_hot_seed1", true)]
    public void A_real_model_becomes_the_reference_folder_byte_for_byte(string model, string reference, bool onlyF32 = false)
    {
        string path = Shared(model), expected = Shared(reference);
        string config = File.ReadAllText(Path.Combine(expected, "config.json"));
        foreach ((ElementType type, string weights, string dtype) in new[]
        {
            (ElementType.F32, "model.safetensors", "float32"), (ElementType.BF16, "model.bf16.safetensors", "bfloat16"),
            (ElementType.F16, "model.f16.safetensors", "float16"),
        })
        {
            if (onlyF32 && type != ElementType.F32) continue;
            foreach (bool map in (bool[])[true, false])
            {
                string output = _folder.File($"{type}-{map}");
                ConversionResult result = Llama2cConversion.Convert(path, output, type,
                    options: new CheckpointOptions { UseMemoryMap = map });
                Assert.That(File.ReadAllBytes(Path.Combine(output, "model.safetensors")).AsSpan()
                    .SequenceEqual(File.ReadAllBytes(Path.Combine(expected, weights))), $"{type} mapped: {map}");
                // The reference has one configuration for all types, which names F32.
                Assert.That(File.ReadAllText(Path.Combine(output, "config.json")),
                    Is.EqualTo(config.Replace("float32", dtype, StringComparison.Ordinal)));
                Assert.That(Directory.GetFileSystemEntries(output), Has.Length.EqualTo(2));
                Assert.That((result.ElementType, result.InexactValues > 0, result.OverflowedValues),
                    Is.EqualTo((type, type != ElementType.F32, 0L)));
                Assert.That(result.Notes, Is.Empty);
            }
        }
    }

    [Test]
    public void Every_version_gives_the_tensors_that_the_format_describes(
        [ValueSource(typeof(Llama2cFile), nameof(Llama2cFile.All))] Llama2cFile file, [Values] bool map)
    {
        ConversionResult result = Llama2cConversion.Convert(Write(file.Bytes()), Output,
            options: new CheckpointOptions { UseMemoryMap = map });
        using Checkpoint checkpoint = Checkpoint.Open(Output);
        Dictionary<string, float[]> expected = file.Expected();
        Assert.That(checkpoint.Tensors.Select(t => t.Name), Is.EquivalentTo(expected.Keys));
        foreach (Tensor tensor in checkpoint.Tensors)
        {
            float[] values = [.. Enumerable.Range(0, (int)tensor.RowShape.Rows).SelectMany(row => tensor.GetRow<float>(row).ToArray())];
            Assert.That(values, Is.EqualTo(expected[tensor.Name]), tensor.Name);
        }
        Assert.That(checkpoint.TryGetTensor("lm_head.weight", out _), Is.Not.EqualTo(file.IsTied));
        Assert.That(checkpoint.Config!.TieWordEmbeddings, Is.EqualTo(file.IsTied));
        Assert.That((result.TensorCount, result.ParameterCount), Is.EqualTo((expected.Count, expected.Values.Sum(v => v.LongLength))));
    }

    [Test]
    public void Weights_beyond_the_type_become_infinite_and_are_told()
    {
        Llama2cFile file = new(1, true);
        ConversionResult result = Llama2cConversion.Convert(Write(file.Bytes(scale: 1e6f)), Output, ElementType.F16);
        Assert.That(result.OverflowedValues, Is.EqualTo(result.ParameterCount));
        Assert.That(result.Notes, Has.One.Match("^[0-9]+ weights lie beyond the range of F16"));
    }

    [TestCase("tokenizers/tok512/tok512.model", "tokenizer.model")]
    [TestCase("tokenizers/tok512/tok512.bin", "tokenizer.bin")]
    public void The_tokenizer_goes_along_under_the_name_that_others_look_for(string tokenizer, string name)
    {
        string source = SharedData.Path(tokenizer.Split('/'));
        ConversionResult result = Llama2cConversion.Convert(Shared("stories260K/stories260K_v1.bin"), Output, tokenizerPath: source);
        Assert.That(result.Files, Is.EqualTo(new[] { "config.json", "model.safetensors", name }));
        Assert.That(Directory.GetFiles(Output).Select(Path.GetFileName), Is.EquivalentTo(result.Files));
        Assert.That(File.ReadAllBytes(Path.Combine(Output, name)), Is.EqualTo(File.ReadAllBytes(source)));
        Assert.That(TokenTable.FindBeside(Output)!.Count, Is.EqualTo(512));
        Assert.That(result.Notes, Is.Empty);
    }

    [Test]
    public void A_tokenizer_that_does_not_fit_is_refused_or_told()
    {
        string large = SharedData.Path("tokenizers", "tok4096", "tokenizer4096.model");
        string model = Shared("stories260K/stories260K_v1.bin");
        Assert.That(() => Llama2cConversion.Convert(model, Output, tokenizerPath: large),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains("4096 tokens, the model has 512"));
        Assert.That(() => Llama2cConversion.Convert(model, Output, tokenizerPath: Write([1, 2, 3], "t.model")),
            Throws.InstanceOf<InvalidDataException>());
        Assert.That(() => Llama2cConversion.Convert(model, Output, tokenizerPath: Write([1], "t.vocab")),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains(".vocab"));
        Assert.That(() => Llama2cConversion.Convert(model, Output, tokenizerPath: _folder.File("absent.bin")),
            Throws.InstanceOf<FileNotFoundException>());
        Assert.That(Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { "t.model", "t.vocab" }));

        ConversionResult result = Llama2cConversion.Convert(model, Output, tokenizerPath: Shared("babyllama/tok105.model"));
        Assert.That(result.Notes, Has.One.Contains("105 tokens and the model 512 embedding rows: the last 407 have no text"));
    }

    [Test]
    public void What_fails_leaves_nothing_behind()
    {
        byte[] bytes = new Llama2cFile(0, false).Bytes();
        string model = Write(bytes), damaged = Write(bytes[..^1], "damaged.bin");
        Assert.That(() => Llama2cConversion.Convert(damaged, Output), Throws.InstanceOf<CheckpointFormatException>());
        Assert.That(() => Llama2cConversion.Convert(model, Output, ElementType.F64), Throws.InstanceOf<NotSupportedException>());
        Assert.That(() => Llama2cConversion.Convert(model, _folder.Path),
            Throws.InstanceOf<IOException>().With.Message.Contains("not empty"));
        Assert.That(() => Llama2cConversion.Convert(model, model), Throws.InstanceOf<IOException>().With.Message.Contains("input"));
        Assert.That(() => Llama2cConversion.Convert(model, Path.Combine(Output, "deep")), Throws.InstanceOf<DirectoryNotFoundException>());
        using CancellationTokenSource cancel = new();
        cancel.Cancel();
        Assert.That(() => Llama2cConversion.Convert(model, Output, cancellationToken: cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.EquivalentTo(new[] { model, damaged }));
        Assert.That(File.ReadAllBytes(model), Is.EqualTo(bytes));
    }

    [Test]
    public void The_model_is_never_whole_in_memory([Values] bool map, [Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        string model = Shared("babyllama/babyllama_tok105_model5000.bin");
        CheckpointOptions options = new() { UseMemoryMap = map };
        Llama2cConversion.Convert(model, _folder.File("first"), type, options: options);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ConversionResult result = Llama2cConversion.Convert(model, Output, type, options: options);
        long weights = 4 * result.ParameterCount, allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // Without a mapping every tensor is read into a piece of its own, which the collector may take at once.
        Assert.That(allocated, Is.LessThan(map ? weights / 4 : weights + weights / 4), $"of {weights} bytes of weights");
    }

    [Test]
    public void Progress_ends_with_all_weights()
    {
        List<ConversionProgress> heard = [];
        Llama2cConversion.Convert(Write(new Llama2cFile(0, true).Bytes()), Output, progress: new Listener(heard));
        Assert.That(heard, Is.Not.Empty);
        Assert.That(heard[^1].BytesDone, Is.EqualTo(heard[^1].ByteCount) & Is.GreaterThan(0));
    }

    private static string Shared(string path) => SharedData.Path(["models", .. path.Split('/')]);

    private string Write(byte[] bytes, string name = "model.bin")
    {
        string path = _folder.File(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private sealed class Listener(List<ConversionProgress> heard) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => heard.Add(value);
    }
}
