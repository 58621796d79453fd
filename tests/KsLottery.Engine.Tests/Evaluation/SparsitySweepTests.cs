using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Evaluation;

/// <summary>A small model, pruned in memory at one sparsity after another.</summary>
public sealed class SparsitySweepTests
{
    private static readonly UnitShare[] Sparsities = [new(0), new(0.25m), new(0.5m), new(0.9m)];

    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 3).Select(s =>
            new TokenSequence(Enumerable.Range(0, 20).Select(i => (1 + (i * (s + 3))) % 260).ToArray(), 1))];

    private TemporaryFolder _folder = null!;

    private string Model => _folder.File("model");

    [SetUp]
    public void WriteModel()
    {
        _folder = new();
        new TinyLlama().Write(Model);
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Each_point_is_the_loss_of_the_checkpoint_that_is_pruned_so_far([Values] bool isMapped, [Values] bool isPerTensor)
    {
        CheckpointOptions reading = new() { UseMemoryMap = isMapped };
        IReadOnlyList<SweepPoint> points = Sweep(Model, reading, isPerTensor, Sparsities);
        Assert.That(points.Select(p => p.Sparsity), Is.EqualTo(Sparsities.Select(s => s.Value)));
        foreach (SweepPoint point in points.Skip(1))
        {
            string pruned = _folder.File($"pruned-{point.Kept}");
            PruneResult written = ModelPruning.Prune(Model, pruned,
                ModelPruning.RecipeOf(TicketScore.Named("magnitude"), ModelPruning.KeptOf(new(point.Sparsity), isPerTensor)));
            SweepPoint dense = Sweep(pruned, reading, isPerTensor, Sparsities[..1])[0];
            Assert.That((point.Kept, point.Loss), Is.EqualTo((written.Kept.Parameters, dense.Loss)));
        }
        Assert.That(points.Select(p => p.Loss).Distinct().Count(), Is.EqualTo(4));
    }

    [Test]
    public void Points_that_are_known_are_not_measured_again()
    {
        IReadOnlyList<SweepPoint> whole = Sweep(Model, new(), isPerTensor: false, Sparsities);
        int measured = 0;
        IReadOnlyList<SweepPoint> resumed = Sweep(Model, new(), isPerTensor: false, Sparsities, [whole[0], whole[2]], () => measured++);
        Assert.That((measured, resumed), Is.EqualTo((2, whole)));
        Assert.That(() => Sweep(Model, new(), isPerTensor: false, [new(0.5m), new(0.25m)]),
            Throws.ArgumentException.With.Message.Contains("ascending"));
    }

    [Test]
    public void The_knee_is_the_last_point_before_the_first_that_is_beyond()
    {
        SweepPoint Point(decimal sparsity, double loss, double score = double.NaN) => new(sparsity, 1, loss, score);
        SweepPoint[] points =
            [Point(0, 2, 40), Point(0.1m, 1.9, 41), Point(0.2m, 2.02, 39.5), Point(0.3m, 2.03, 39.7), Point(0.4m, 2, 40)];
        Assert.That(SweepKnee.OfLoss(points), Is.EqualTo(new SweepKnee(0.2m, IsReached: true)));
        Assert.That(SweepKnee.OfScore(points), Is.EqualTo(new SweepKnee(0.1m, IsReached: true)));
        Assert.That(SweepKnee.OfLoss(points, 0.02), Is.EqualTo(new SweepKnee(0.4m, IsReached: false)));
        Assert.That(SweepKnee.OfLoss([Point(0, 2), Point(0.1m, double.NaN)]), Is.EqualTo(new SweepKnee(0, IsReached: true)), "NaN");
        Assert.That(SweepKnee.OfLoss([Point(0, double.NaN), Point(0.1m, 1)]), Is.EqualTo(new SweepKnee(0, IsReached: true)));
        Assert.That(SweepKnee.OfLoss(points[1..]), Is.Null, "no dense point");
        Assert.That(SweepKnee.OfScore([Point(0, 2), Point(0.1m, 2)]), Is.Null, "nothing was written");
        Assert.That(SweepKnee.OfScore([new(0, 1, 2, 0), new(0.1m, 1, 2, 0)]), Is.Null, "of 0 nothing can be lost");
    }

    [Test]
    public void A_folder_keeps_points_and_refuses_those_of_another_sweep()
    {
        KeyValuePair<string, string>[] settings = [new("model", "a"), new("limit", "5")];
        string path = _folder.File("sweep");
        SweepPoint[] points = [new(0, 10, 2.5, double.NaN), new(0.125m, 8, 2.625, 31.25)];
        new SweepFolder(path, settings, resume: false).Write(points);
        Assert.That(() => new SweepFolder(path, settings, resume: false),
            Throws.InstanceOf<IOException>().With.Message.Contains("not empty"));
        SweepFolder again = new(path, settings, resume: true);
        Assert.That(again.Points, Is.EqualTo(points));
        again.Finish(points, SweepKnee.OfLoss(points), null);
        Assert.That(File.ReadAllText(Path.Combine(path, SweepFolder.SettingsName)), Does.Contain("\"finished\": true")
            .And.Contain("\"knee_of_chrf\": null").And.Contain("\"reached\": true"));
        Assert.That(() => new SweepFolder(path, [settings[0], new("limit", "6")], resume: true),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains("another limit: \"5\" and not \"6\""));
        File.AppendAllText(Path.Combine(path, SweepFolder.FileName), "1.5\t1\t2\t3\t4\n");
        Assert.That(() => new SweepFolder(path, settings, resume: true),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains("line 4, sparsity"));
    }

    private static IReadOnlyList<SweepPoint> Sweep(string path, CheckpointOptions reading, bool isPerTensor, IReadOnlyList<UnitShare> at,
        IReadOnlyList<SweepPoint>? known = null, Action? hear = null)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path, reading);
        using IOperations operations = new CpuOperations(2);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        using LlamaModel model = new(weights, operations);
        SparsitySweep sweep = new(checkpoint, model, TicketScore.Named("magnitude"),
            keptOf: sparsity => ModelPruning.KeptOf(sparsity, isPerTensor));
        return sweep.Run(at,
            _ => (Evaluator.MeanLoss(model, Sequences), double.NaN), known, _ => hear?.Invoke());
    }
}
