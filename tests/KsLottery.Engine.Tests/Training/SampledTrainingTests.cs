using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>Training of so few values that their gradients are summed alone, in a model wide enough for that to be faster.</summary>
[TestFixture]
public class SampledTrainingTests
{
    private static readonly LlamaConfig Config = TinyModels.Config(isTied: true) with
    {
        Width = 64,
        FeedForwardWidth = 96,
        Attention = new AttentionShape(Heads: 4, KeyHeads: 4, HeadWidth: 16),
        VocabularySize = 130,
    };

    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 12)
            .Select(s => new TokenSequence(Enumerable.Range(0, 28 + s).Select(i => ((7 * s) + (i * i)) % 130).ToArray(), 1 + (s % 2)))];

    [Test]
    public void Values_get_the_gradients_of_the_whole_bit_for_bit_without_it([Values(40, 300, 700)] int rows)
    {
        TokenBatch batch = BatchSchedule.Pack(Sequences, rows)[0];
        using MutantOperations operations = new(new CpuOperations(2), mutant: null);
        using LlamaWeights all = TinyModels.Weights(Config, operations, TrainingScope.Full);
        using LlamaWeights some = TinyModels.Weights(Config, operations, MaskOf(spacing: 100));
        using LlamaModel whole = new(all, operations), part = new(some, operations);
        operations.Changed.Clear();
        Assert.That(part.LossAndGradients(batch, 1), Is.GreaterThan(0));
        Assert.That(operations.Changed, Does.Contain((nameof(IOperations.TryMatMulBackwardSampled), "gradient")));
        Assert.That(operations.Changed, Does.Not.Contain((nameof(IOperations.MatMulBackwardWeight), "weightGradient")));
        whole.LossAndGradients(batch, 1);
        Dictionary<string, float[]> expected = all.All.ToDictionary(w => w.Name, w => TestDevices.Download(operations, w.Gradient));
        foreach (Weight weight in some.Changing)
            Assert.That(Bytes(TestDevices.Download(operations, weight.Runs!.Weight.Gradient)),
                Is.EqualTo(Bytes([.. weight.Runs.Elements.Select(i => expected[weight.Name][i])])), weight.Name);
    }

    [Test]
    public void Runs_on_other_numbers_of_threads_and_resumed_ones_end_with_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, Config, ElementType.BF16, isSharded: false);
        Run(path, 1, folder.File("one"));
        Run(path, 2, folder.File("two"));
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, 2, folder.File("resumed"), new Heard(cancel), cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Run(path, 1, folder.File("resumed"));
        byte[] patch = File.ReadAllBytes(folder.File("one/patch.safetensors"));
        foreach (string other in (string[])["two", "resumed"])
            Assert.That(File.ReadAllBytes(folder.File($"{other}/patch.safetensors")).SequenceEqual(patch), Is.True, other);
    }

    /// <summary>Value, gradient and two moments on the device, and an index: 20 bytes, and what the two masks take as sets.</summary>
    [Test]
    public void A_value_takes_at_most_24_bytes()
    {
        (long fewBytes, long few) = Measure(spacing: 200);
        (long manyBytes, long many) = Measure(spacing: 50);
        double each = (double)(manyBytes - fewBytes) / (many - few);
        Assert.That(each is >= 20 and <= 24, Is.True, $"{each} bytes");

        static (long Bytes, long Values) Measure(int spacing)
        {
            using CpuOperations operations = new(1);
            using LlamaWeights weights = TinyModels.Weights(Config, operations, MaskOf(spacing));
            using LlamaModel model = new(weights, operations);
            using Trainer trainer = new(model, operations, new(Sequences, Sequences.Length, int.MaxValue, 1),
                new() { Schedule = LearningRateSchedule.Constant(1e-3, 2) });
            trainer.Next();
            return (operations.PeakAllocatedBytes + weights.Changing.Sum(w => w.Runs!.IndexBytes), trainer.ParameterCount);
        }
    }

    /// <summary>One element of so many consecutive ones of every matrix.</summary>
    private static TrainingScope MaskOf(int spacing)
    {
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Random(Config, operations, 1);
        SplitMix64 random = new(3);
        return TrainingScope.Mask(new([.. weights.All.Where(w => !w.IsVector).Select(weight =>
        {
            UnitGrid grid = TicketUnit.Elements.Cut(weight.Rows, weight.Columns);
            return new TensorMask(weight.Name, grid, IndexSet.Of(grid.Count,
                Enumerable.Range(0, (int)grid.Count / spacing).Select(i => (i * spacing) + random.NextBelow(spacing))));
        })]));
    }

    private static void Run(string path, int threads, string output, IProgress<TrainingProgress>? heard = null,
        CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(threads);
        using TuningRun run = new(baseModel, MaskOf(spacing: 100), Sequences, [], operations, new()
        {
            Plan = new() { Steps = 6, BatchSize = 12, MicroBatchRows = 200, LearningRate = 1e-2 },
            Out = output,
            Resume = true,
            SaveEvery = TimeSpan.FromHours(1),
        }, CancellationToken.None);
        run.Run(heard, cancel);
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    /// <summary>Cancels after the third step.</summary>
    private sealed class Heard(CancellationTokenSource cancel) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step.Step == 3) cancel.Cancel();
        }
    }
}
