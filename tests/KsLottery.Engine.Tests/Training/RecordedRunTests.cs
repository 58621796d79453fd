using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>The recipe of a run that others made in PyTorch, on the same base and corpus, gives the losses that they recorded.</summary>
/// <remarks>Their split and order of the data are not known, hence the tolerance.</remarks>
[TestFixture]
public class RecordedRunTests
{
    private const int Stride = 61, Batch = 32, WarmupSteps = 50, RecordedSteps = 700;

    [Test]
    public void The_embedding_learns_Danish_as_fast_as_in_the_recorded_run()
    {
        string pair = SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");
        using JsonDocument record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(pair, "train.json")));
        JsonElement losses = record.RootElement.GetProperty("val_loss");
        (TokenSequence[] training, TokenSequence[] heldOut) = ReadTatoeba();
        IReadOnlyList<TokenBatch> evaluation = BatchSchedule.Pack(heldOut, 2048);
        using CpuOperations operations = new();
        using Checkpoint baseModel = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf")), tuned = Checkpoint.Open(pair);
        Assert.That(Loss(tuned, evaluation, operations), Is.EqualTo(Recorded(losses, RecordedSteps)).Within(3).Percent,
            "their tuned model");

        // The base with a head of its own, as the recorded run had it.
        using TemporaryFolder folder = new();
        SafetensorsWriter.Write(folder.File("model.safetensors"),
            [.. baseModel.Tensors.Select(TensorSource.FromTensor),
                TensorSource.FromTensor(baseModel.GetTensor("model.embed_tokens.weight")) with { Name = "lm_head.weight" }]);
        File.Copy(Path.Combine(pair, "config.json"), folder.File("config.json"));
        using Checkpoint untied = Checkpoint.Open(folder.Path);
        Assert.That(Loss(untied, evaluation, operations), Is.EqualTo(Recorded(losses, 0)).Within(3).Percent, "the base");

        using LlamaWeights weights = LlamaWeights.Open(untied, LlamaConfig.Load(untied.Path), operations);
        weights.MakeTrainable(TrainingScope.Embedding);
        using LlamaModel model = new(weights, operations);
        using Trainer trainer = new(model, operations, new(training, Batch, 2048, 1), new()
        {
            Schedule = LearningRateSchedule.Cosine(0.03, RecordedSteps, WarmupSteps, 0.003),
            Beta2 = 0.99,
        });
        while (trainer.Step < 100) trainer.Next();
        double reached = Trainer.Evaluate(model, evaluation);
        TestContext.Out.WriteLine($"after 100 steps {reached:f4}, recorded {Recorded(losses, 100):f4}");
        Assert.That(reached, Is.EqualTo(Recorded(losses, 100)).Within(5).Percent);
    }

    private static double Loss(Checkpoint checkpoint, IReadOnlyList<TokenBatch> evaluation, IOperations operations)
    {
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint.Path), operations);
        using LlamaModel model = new(weights, operations);
        double loss = Trainer.Evaluate(model, evaluation);
        TestContext.Out.WriteLine($"{checkpoint.Path}: {loss:f4}");
        return loss;
    }

    private static double Recorded(JsonElement losses, int step) =>
        losses.EnumerateArray().Single(line => line[0].GetInt32() == step)[2].GetDouble();

    /// <summary><c>&lt;s&gt;English: SRC Danish: TGT&lt;/s&gt;</c>; the space before the target is the target's.</summary>
    private static (TokenSequence[] Training, TokenSequence[] HeldOut) ReadTatoeba()
    {
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("models", "stories260K", "tok512.bin"));
        IEnumerable<SentencePair> pairs = ParallelText.Read(SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv"))
            .Select(p => p with { Prompt = $"English: {p.Source} Danish:", Target = " " + p.Target });
        TokenSequence[] all = new SampleEncoder(tokenizer, 512, 512, OverlongSamples.Skip).Encode(pairs, PromptTemplate.Minimal).Sequences;
        return ([.. all.Where((_, i) => i % Stride > 0)], [.. all.Where((_, i) => i % Stride == 0)]);
    }
}
