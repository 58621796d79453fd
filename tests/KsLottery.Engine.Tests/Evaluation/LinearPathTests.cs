using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Evaluation;

/// <summary>The loss between two checkpoints.</summary>
public sealed class LinearPathTests
{
    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 3).Select(s => new TokenSequence(Enumerable.Range(0, 12).Select(i => (1 + (i * (s + 3))) % 260).ToArray(),
            1))];

    [Test]
    public void Barriers_are_those_of_the_golden_data()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("measures.json").GetProperty("lmc").EnumerateArray())
        {
            LinearPath path = new([.. ScoreFixture.Numbers(one.GetProperty("alpha")).Zip(ScoreFixture.Numbers(one.GetProperty("loss")),
                (share, loss) => new PathPoint(share, loss))]);
            JsonElement expected = one.GetProperty("expected");
            string? name = one.GetProperty("name").GetString();
            Assert.That(path.Barrier, Is.EqualTo(expected.GetProperty("barrier_above_mean_of_ends").GetDouble()).Within(1e-14), name);
            Assert.That(path.BarrierAboveLine, Is.EqualTo(expected.GetProperty("barrier_above_line").GetDouble()).Within(1e-14), name);
            Assert.That(path.HighestAboveLine.Share, Is.EqualTo(expected.GetProperty("alpha_of_it").GetDouble()), name);
            cases++;
        }
        Assert.That(cases, Is.EqualTo(10));
    }

    [Test]
    public void A_value_that_is_none_is_laid_to_the_checkpoint_that_has_it()
    {
        using TemporaryFolder folder = new();
        TinyLlama tiny = new();
        string sound = tiny.Write(folder.File("sound"));
        string layer = tiny.Tensors.Keys.First(name => name.Contains("mlp", StringComparison.Ordinal));
        tiny.Tensors[layer].Values[3] = float.NaN;
        string broken = tiny.Write(folder.File("broken"));
        using IOperations operations = new CpuOperations(1);
        foreach ((string first, string second) in ((string, string)[])[(sound, broken), (broken, sound)])
        {
            using Checkpoint one = Checkpoint.Open(first), other = Checkpoint.Open(second);
            CheckpointFormatException fault = Assert.Throws<CheckpointFormatException>(() =>
            {
                using LlamaWeights weights = LlamaWeights.Open(one, LlamaConfig.Load(one), operations);
                using LlamaModel model = new(weights, operations);
                LinearPath.Of(model, one, other, 3, () => Evaluator.MeanLoss(model, Sequences));
            })!;
            Assert.That(fault.Message, Does.Contain(broken).And.Contain(layer).And.Not.Contain(sound));
        }
    }

    [Test]
    public void The_ends_are_the_two_models_and_the_middle_is_their_mean([Values] bool isMapped)
    {
        using TemporaryFolder folder = new();
        TinyLlama tiny = new();
        string first = tiny.Write(folder.File("first"));
        foreach ((_, float[] values) in tiny.Tensors.Values)
            for (int i = 0; i < values.Length; i++) values[i] += (i % 7) - 3;
        string second = tiny.Write(folder.File("second"));
        using Checkpoint one = Checkpoint.Open(first, new() { UseMemoryMap = isMapped }), other = Checkpoint.Open(second,
            new() { UseMemoryMap = isMapped });
        foreach ((_, float[] values) in tiny.Tensors.Values)
            for (int i = 0; i < values.Length; i++) values[i] = (float)((values[i] + (double)(values[i] - ((i % 7) - 3))) / 2);
        using IOperations operations = new CpuOperations(2);
        double[] expected = [Loss(one), 0, Loss(other)];
        using LlamaWeights weights = LlamaWeights.Open(one, LlamaConfig.Load(one), operations);
        using LlamaModel model = new(weights, operations);
        LinearPath path = LinearPath.Of(model, one, other, 3, () => Evaluator.MeanLoss(model, Sequences));
        Assert.That(path.Points.Select(p => p.Share), Is.EqualTo(new[] { 0, 0.5, 1 }));
        Assert.That((path.Points[0].Loss, path.Points[2].Loss), Is.EqualTo((expected[0], expected[2])), "to the bit");
        Tensor table = one.GetTensor(TinyLlama.Embedding), end = other.GetTensor(TinyLlama.Embedding);
        float[] middle = ElementValues.Read(new InterpolatedElements(table, end, 0.5).ToTensor(), 0, new float[table.ElementCount])
            .ToArray();
        Assert.That(middle, Is.EqualTo(ElementValues.Read(table, 0, new float[table.ElementCount]).ToArray()
            .Zip(ElementValues.Read(end, 0, new float[table.ElementCount]).ToArray(), (a, b) => (float)((0.5 * a) + (0.5 * b)))));
        Assert.That(path.Points[1].Loss, Is.Not.EqualTo(expected[0]).And.Not.EqualTo(expected[2]));

        double Loss(Checkpoint checkpoint)
        {
            using LlamaWeights own = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
            using LlamaModel alone = new(own, operations);
            return Evaluator.MeanLoss(alone, Sequences);
        }
    }
}
