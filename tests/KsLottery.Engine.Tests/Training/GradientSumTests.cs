using System.Runtime.InteropServices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Training;

/// <summary>The order in which the gradients of a step's micro-batches are added up.</summary>
[TestFixture]
public class GradientSumTests
{
    private const double Scale = 0.03;

    private static readonly TokenBatch[] Batches = [.. Enumerable.Range(0, 9).Select(s =>
    {
        int[] tokens = [.. Enumerable.Range(0, 5 + (s % 3)).Select(i => ((7 * s) + (i * i)) % 11)];
        return new TokenBatch(tokens[..^1], tokens[1..], [0, tokens.Length - 1]);
    })];

    private static readonly TrainingScope[] Scopes = [TrainingScope.Full, TinyModels.Rows(2, 5, 7), TrainingScope.LowRank(2),
        TrainingScope.Mask(TinyModels.Mask)];

    /// <summary>The tree as its definition says, recursively, in floats on the host.</summary>
    [Test]
    public void The_sum_is_the_tree_of_each_micro_batch_alone([Values("cpu", TestDevices.OpenCl)] string device,
        [Values(0, 1, 2, 3)] int scope)
    {
        using Session session = new(device, 2, Scopes[scope]);
        Part[] apart = [.. Batches.Select(batch => session.Fill([batch]))];
        for (int count = 1; count <= Batches.Length; count++)
        {
            Part expected = Tree(apart.AsSpan(0, count)), actual = session.Fill(Batches[..count]);
            Assert.That(actual.Loss, Is.EqualTo(expected.Loss), $"loss of {count}");
            Assert.That(Bytes(actual.Gradient), Is.EqualTo(Bytes(expected.Gradient)), $"gradient of {count}");
        }
        float[] running = apart.Aggregate(new float[apart[0].Gradient.Length], (sum, part) => Plus(sum, part.Gradient));
        Assert.That(Bytes(session.Fill(Batches).Gradient), Is.Not.EqualTo(Bytes(running)), "the order can be told from a running sum");
    }

    /// <summary>Processes that hold neighbouring micro-batches hand on the sums of aligned ranges.</summary>
    [Test]
    public void Parts_that_others_summed_join_to_the_same_bytes([Values(4, 6, 7, 9)] int count, [Values(1, 2, 4)] int each)
    {
        using Session session = new("cpu", 2, TrainingScope.Full);
        Part[] parts = [.. Batches[..count].Chunk(each).Select((held, rank) =>
        {
            using Session other = new("cpu", 1 + rank, TrainingScope.Full);
            return other.Fill(held);
        })];
        Part joined = Tree(parts), whole = session.Fill(Batches[..count]);
        Assert.That(joined.Loss, Is.EqualTo(whole.Loss));
        Assert.That(Bytes(joined.Gradient), Is.EqualTo(Bytes(whole.Gradient)));
    }

    [Test]
    public void Steps_do_not_depend_on_the_number_of_threads()
    {
        LlamaConfig config = TinyModels.Config(isTied: true) with
        {
            Width = 64,
            FeedForwardWidth = 176,
            Attention = new(Heads: 4, KeyHeads: 2, HeadWidth: 16),
            VocabularySize = 600,
            MaxLength = 64,
        };
        TokenSequence[] sequences = [.. Enumerable.Range(0, 24).Select(s =>
            new TokenSequence(Enumerable.Range(0, 40 + s).Select(i => ((31 * s) + (i * i * 7)) % 600).ToArray(), 1 + (s % 5)))];
        byte[][] runs = [.. new[] { 1, 2, 3, 5 }.Select(threads =>
        {
            using CpuOperations operations = new(threads);
            using LlamaWeights weights = TinyModels.Weights(config, operations, TrainingScope.Full);
            using LlamaModel model = new(weights, operations);
            using Trainer trainer = new(model, operations, new(sequences, batchSize: 12, microBatchRows: 150, seed: 5),
                new() { Schedule = LearningRateSchedule.Constant(1e-2, 4) });
            while (!trainer.IsDone) trainer.Next();
            return Bytes([.. weights.Trainable.SelectMany(w => TestDevices.Download(operations, w.Value))]);
        })];
        Assert.Multiple(() =>
        {
            foreach (byte[] run in runs) Assert.That(run, Is.EqualTo(runs[0]));
        });
    }

    [Test]
    public void As_many_gradients_wait_as_the_tree_is_deep([Values(1, 2, 3, 4, 5, 8, 9)] int count)
    {
        using Session session = new("cpu", 1, TrainingScope.Full);
        session.Fill(Batches[..1]);
        long gradient = session.Fill(Batches[..1]).Gradient.Length * sizeof(float), before = session.Operations.AllocatedBytes;
        session.Fill([.. Enumerable.Repeat(Batches[0], count)]);
        Assert.That(session.Operations.AllocatedBytes - before, Is.EqualTo(GradientSum.LevelsOf(count) * gradient));
        Assert.That(GradientSum.LevelsOf(count), Is.EqualTo((int)Math.Floor(Math.Log2(count))));
    }

    private static Part Tree(ReadOnlySpan<Part> parts)
    {
        if (parts.Length == 1) return parts[0];
        int half = 1;
        while (2 * half < parts.Length) half *= 2;
        Part first = Tree(parts[..half]), second = Tree(parts[half..]);
        return new(first.Loss + second.Loss, Plus(first.Gradient, second.Gradient));
    }

    private static float[] Plus(float[] first, float[] second) => [.. first.Zip(second, (a, b) => a + b)];

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private sealed record Part(double Loss, float[] Gradient);

    private sealed class Session : IDisposable
    {
        private readonly LlamaWeights _weights;
        private readonly LlamaModel _model;
        private readonly GradientSum _sum;

        public Session(string device, int threads, TrainingScope scope)
        {
            Operations = TestDevices.Open(device, threads);
            _weights = TinyModels.Weights(TinyModels.Config(isTied: true), Operations, scope);
            _model = new(_weights, Operations);
            _sum = new(_model, Operations);
        }

        public IOperations Operations { get; }

        public Part Fill(IReadOnlyList<TokenBatch> batches) => new(_sum.Fill(batches, new TargetTerms(Scale)),
            [.. _weights.Trainable.SelectMany(w => TestDevices.Download(Operations, w.Gradient))]);

        public void Dispose()
        {
            _sum.Dispose();
            _model.Dispose();
            _weights.Dispose();
            Operations.Dispose();
        }
    }
}
