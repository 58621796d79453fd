using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

[TestFixture]
public class TuningRunTests
{
    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 12)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    private static readonly TrainingPlan Plan = new() { Steps = 9, BatchSize = 4, LearningRate = 1e-2, EvaluateEvery = 3 };

    [Test]
    public void A_run_cancelled_at_any_step_ends_with_the_same_bytes([Values(0, 1, 2, 3, 4)] int scope, [Range(0, 9, 3)] int cancelledAt)
    {
        TrainingScope[] scopes = [TrainingScope.Full, TrainingScope.Embedding, TinyModels.Rows(1, 7),
            TrainingScope.LowRank(2, seed: 3), TrainingScope.Mask(TinyModels.Mask)];
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: true);
        Run(path, scopes[scope], folder.File("whole"));
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, scopes[scope], folder.File("cancelled"), heard: new Heard(step =>
        {
            if (step == cancelledAt) cancel.Cancel();
        }), cancel: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Run(path, scopes[scope], folder.File("cancelled"), resume: true);
        AssertSame(folder);
    }

    /// <summary>An evaluation that was cancelled leaves a step whose weights are saved and whose line is not there.</summary>
    [Test]
    public void An_evaluation_that_was_cancelled_is_done_again()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        Run(path, TrainingScope.Embedding, folder.File("whole"));
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, TrainingScope.Embedding, folder.File("cancelled"), heard: new Heard(step =>
        {
            if (step == 6) cancel.Cancel();
        }), cancel: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        string metrics = folder.File("cancelled/metrics.jsonl");
        string[] lines = File.ReadAllLines(metrics);
        Assert.That(lines, Has.Length.EqualTo(7), "one before the first step, six after steps");
        File.WriteAllLines(metrics, lines[..^1]);
        Run(path, TrainingScope.Embedding, folder.File("cancelled"), resume: true);
        AssertSame(folder);
    }

    [Test]
    public void A_base_that_changes_while_it_is_trained_on_gives_no_result([Values] bool isTicket)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        FrozenWeightsChangedException? fault = Assert.Throws<FrozenWeightsChangedException>(() => Run(path,
            isTicket ? TinyModels.Rows(3) : TrainingScope.Embedding, folder.File("out"), heard: new Heard(step =>
            {
                if (step != 2) return;
                using FileStream file = new(Path.Combine(path, "model.safetensors"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                file.Seek(-2, SeekOrigin.End);
                file.WriteByte(1);
            })));
        Assert.That(fault!.Message, Does.Contain(fault.Before).And.Contain(fault.After));
        Assert.That(File.Exists(folder.File("out/state.safetensors")), Is.True, "the work is not lost");
        Assert.That(File.Exists(folder.File($"out/{TicketPatch.FileName}")), Is.False);
    }

    [Test]
    public void Merged_adapters_predict_what_the_model_with_adapters_predicted()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: true);
        TrainingSummary summary = Run(path, TrainingScope.LowRank(2, seed: 3), folder.File("out"));
        using Checkpoint baseModel = Checkpoint.Open(path), merged = Checkpoint.Open(folder.File("out"));
        LlamaConfig config = LlamaConfig.Load(merged.Path);
        Assert.That(summary.ParameterCount,
            Is.EqualTo(config.LayerCount * 2 * ((2 * config.Width) + config.Attention.QueryWidth + config.Attention.KeyWidth)));
        Assert.That(summary.EvalLossAfter, Is.Not.EqualTo(summary.EvalLossBefore), "the adapters learned something");
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(merged, config, operations);
        using LlamaModel model = new(weights, operations);
        Assert.That(Trainer.Evaluate(model, BatchSchedule.Pack(Sequences[9..], 100)), Is.EqualTo(summary.EvalLossAfter).Within(1e-5));
        foreach (Tensor tensor in baseModel.Tensors)
        {
            bool isAdapted = tensor.Name.Contains("q_proj", StringComparison.Ordinal)
                || tensor.Name.Contains("v_proj", StringComparison.Ordinal);
            Assert.That(merged.GetTensor(tensor.Name).ElementType, Is.EqualTo(isAdapted ? ElementType.F32 : ElementType.BF16), tensor.Name);
        }
    }

    [Test]
    public void Adapters_of_one_layer_change_no_other_and_say_so_to_PEFT()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        Run(path, TrainingScope.LowRank(2, seed: 3, layers: [1]), folder.File("out"));
        using Checkpoint baseModel = Checkpoint.Open(path), merged = Checkpoint.Open(folder.File("out"));
        bool HasChanged(Tensor tensor) => Fingerprint.OfTensor(tensor) != Fingerprint.OfTensor(merged.GetTensor(tensor.Name));
        Assert.That(baseModel.Tensors.Where(HasChanged).Select(t => t.Name),
            Is.EquivalentTo(new[] { "model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.v_proj.weight" }));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(folder.File("out/adapter/adapter_config.json")));
        Assert.That(config.RootElement.GetProperty("layers_to_transform").EnumerateArray().Select(l => l.GetInt32()),
            Is.EqualTo(new[] { 1 }));
        Assert.That(() => Run(path, TrainingScope.LowRank(2, layers: [7]), folder.File("absent")),
            Throws.ArgumentException.With.Message.Contains("there is no layer 7"));
    }

    [Test]
    public void A_training_that_diverges_says_so_and_what_to_do()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        Assert.That(() =>
            Run(path, TrainingScope.Full, folder.File("out"), plan: Plan with { LearningRate = 1e38, MaxGradientNorm = 0, Warmup = 0 }),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("lower the learning rate").And.Message
                .Contains(folder.File("out/state.safetensors")));
        Assert.That(File.Exists(folder.File("out/state.safetensors")), Is.True, "what was learned before is kept");
    }

    [Test]
    public void A_loss_that_ends_far_above_its_start_is_a_divergence_and_the_result_is_written()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        TrainingSummary summary = Run(path, TrainingScope.Full, folder.File("out"), plan: Plan with { LearningRate = 3, Warmup = 0 });
        Assert.That(summary.HasDiverged, Is.True, $"{summary.FirstLoss} to {summary.LastLoss}");
        Assert.That(summary.Files.Names, Has.Some.EqualTo("model.safetensors"));
        Assert.That(File.ReadAllText(folder.File("out/training.json")), Does.Contain("\"diverged\": true"));
        Assert.That(Run(path, TrainingScope.Embedding, folder.File("sound")).HasDiverged, Is.False);
        Assert.That(File.ReadAllText(folder.File("sound/training.json")), Does.Not.Contain("diverged"));
    }

    /// <summary>Of one step the loss comes before its update: only values and the held-out loss show what the update did.</summary>
    [Test]
    public void Values_that_the_last_update_made_infinite_are_a_divergence([Values(0, 1, 2, 3, 4)] int scope)
    {
        TrainingScope[] scopes = [TrainingScope.Full, TrainingScope.Embedding, TinyModels.Rows(1, 7),
            TrainingScope.LowRank(2, seed: 3), TrainingScope.Mask(TinyModels.Mask)];
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        TrainingPlan one = Plan with { Steps = 1, Warmup = 0 };
        TrainingSummary summary = Run(path, scopes[scope], folder.File("out"), plan: one with { LearningRate = 1e39 }, evaluates: false);
        Assert.That((summary.HasNonFiniteValues, summary.HasDiverged), Is.EqualTo((true, true)));
        Assert.That(File.ReadAllText(folder.File("out/training.json")), Does.Contain("\"diverged\": true"));
        Assert.That(Divergence.StandsIn(folder.File("out")), Is.True, "the losses do not show it, the run's file does");
        summary = Run(path, scopes[scope], folder.File("sound"), plan: one, evaluates: false);
        Assert.That((summary.HasNonFiniteValues, summary.HasDiverged, Divergence.StandsIn(folder.File("sound"))),
            Is.EqualTo((false, false, false)));
    }

    [Test]
    public void Values_that_the_written_type_makes_infinite_are_a_divergence([Values] bool keepTypes)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F16, isSharded: false);
        TrainingSummary summary = Run(path, TrainingScope.Embedding, folder.File("out"),
            plan: Plan with { Steps = 1, Warmup = 0, LearningRate = 1e6 }, evaluates: false, keepTypes: keepTypes);
        Assert.That(summary.Files.OverflowedValues > 0, Is.EqualTo(keepTypes));
        Assert.That((summary.HasNonFiniteValues, summary.HasDiverged), Is.EqualTo((keepTypes, keepTypes)));
    }

    [Test]
    public void A_saved_state_that_is_gone_is_missed_and_the_metrics_stay()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, TrainingScope.Embedding, folder.File("out"), heard: new Heard(step =>
        {
            if (step == 6) cancel.Cancel();
        }), cancel: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        string metrics = File.ReadAllText(folder.File("out/metrics.jsonl")), state = folder.File("out/state.safetensors");
        File.Move(state, folder.File("state"));
        Assert.That(() => Run(path, TrainingScope.Embedding, folder.File("out"), resume: true),
            Throws.TypeOf<FileNotFoundException>().With.Message.StartsWith($"{state}: the file is gone").And.Message
                .Contains("name another folder"));
        Assert.That(File.ReadAllText(folder.File("out/metrics.jsonl")), Is.EqualTo(metrics));
        File.Move(folder.File("state"), state);
        Run(path, TrainingScope.Embedding, folder.File("out"), resume: true);
        Run(path, TrainingScope.Embedding, folder.File("whole"));
        Assert.That(File.ReadAllBytes(folder.File("out/training.json")), Is.EqualTo(File.ReadAllBytes(folder.File("whole/training.json"))));
    }

    private static TrainingSummary Run(string path, TrainingScope scope, string output, bool resume = false,
        IProgress<TrainingProgress>? heard = null,
        TrainingPlan? plan = null, bool evaluates = true, bool keepTypes = false, CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(1);
        using TuningRun run = new(baseModel, scope, Sequences[..9], evaluates ? Sequences[9..] : [], operations,
            new() { Plan = plan ?? Plan, Out = output, Resume = resume, SaveEvery = TimeSpan.FromHours(1), KeepTypes = keepTypes },
                CancellationToken.None);
        return run.Run(heard, cancel);
    }

    private static void AssertSame(TemporaryFolder folder)
    {
        string[] names = [.. Directory.EnumerateFiles(folder.File("whole")).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];
        Assert.That(Directory.EnumerateFiles(folder.File("cancelled")).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal),
            Is.EqualTo(names));
        foreach (string name in names.Where(n => n != MetricsWriter.FileName))
            Assert.That(File.ReadAllBytes(folder.File($"cancelled/{name}")), Is.EqualTo(File.ReadAllBytes(folder.File($"whole/{name}"))),
                name);
        Assert.That(Metrics("cancelled"), Is.EqualTo(Metrics("whole")));

        StepMetrics[] Metrics(string run) =>
            [.. MetricsFile.Read(folder.File($"{run}/{MetricsWriter.FileName}")).Select(step => step with { TokensPerSecond = null })];
    }

    private sealed class Heard(Action<long> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value.Step.Step);
    }
}
