using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>Values that move through their matrices while they are trained.</summary>
[TestFixture]
public class RegrowthTests
{
    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 12)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    [Test]
    public void The_largest_magnitudes_are_those_that_sorting_finds([Values(0, 1, 2, 7, 300, 999, 1000, 2000)] int count)
    {
        SplitMix64 random = new(5);
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => i % 7 == 0 ? 0.25f : i % 11 == 0 ? -0.0f : (float)random.NextNormal())];
        int[] expected = [.. Enumerable.Range(0, 1000).OrderByDescending(i => Math.Abs(values[i])).ThenBy(i => i).Take(count).Order()];
        Assert.That(LargestValues.Find(values, count), Is.EqualTo(expected));
    }

    /// <summary>Rounds of prune and regrow as they were computed elsewhere, in which what was dropped may return.</summary>
    [Test]
    public void An_exchange_is_that_of_the_golden_cases()
    {
        JsonElement[] cases = [.. Golden("extras.json").GetProperty("regrow").EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(9));
        foreach (JsonElement one in cases)
        {
            float[] values = Numbers(one.GetProperty("w")), gradients = Numbers(one.GetProperty("g"));
            int[] mask = [.. Numbers(one.GetProperty("mask")).Index().Where(m => m.Item == 1).Select(m => m.Index)];
            JsonElement expected = one.GetProperty("expected"), rest = expected.GetProperty("dropped_may_return");
            int count = RegrowthPlan.CountOf(one.GetProperty("rate").GetDouble(), mask.Length);
            string? name = one.GetProperty("name").GetString();
            Assert.That(count, Is.EqualTo(expected.GetProperty("dropped_count").GetInt32()), name);
            Exchange exchange = Exchange.Choose(mask, [.. mask.Select(i => values[i])], [.. Enumerable.Range(0, values.Length)], gradients,
                count);
            Assert.That(exchange.Places, Is.EqualTo(Numbers(rest.GetProperty("mask")).Index().Where(m => m.Item == 1).Select(m => m.Index)),
                name);
            Assert.That(exchange.Places.Zip(exchange.From).Where(p => p.Second < 0).Select(p => p.First),
                Is.EqualTo(rest.GetProperty("born").EnumerateArray().Select(e => e.GetInt32())), name);
        }
    }

    [Test]
    public void The_share_falls_as_the_golden_cosine_to_zero()
    {
        JsonElement[] cases = [.. Golden("schedules.json").GetProperty("cosine").EnumerateArray()
            .Where(c => c.GetProperty("r_min").GetDouble() == 0)];
        Assert.That(cases, Is.Not.Empty);
        foreach (JsonElement one in cases)
            foreach ((JsonElement step, JsonElement share) in one.GetProperty("steps").EnumerateArray()
                .Zip(one.GetProperty("expected").EnumerateArray()))
                Assert.That(new RegrowthPlan { Rate = one.GetProperty("r0").GetDouble() }.ShareAt(step.GetInt64(),
                    one.GetProperty("T").GetInt64()), Is.EqualTo(share.GetDouble()).Within(1e-15));
    }

    [Test]
    public void Values_move_their_number_stays_and_all_others_are_the_bases([Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, type, isSharded: true);
        TrainingScope scope = Scope(path, 60);
        TrainingSummary summary = Run(path, scope, folder.File("out"));
        Assert.That((summary.ParameterCount, summary.LastLoss < summary.FirstLoss), Is.EqualTo((60L, true)));
        using TicketPatch patch = TicketPatch.Open(folder.File("out"));
        Assert.That(patch.Mask.Count, Is.EqualTo(60));
        foreach (TensorMask tensor in patch.Mask.Tensors)
            Assert.That(tensor.Units.Count, Is.EqualTo(scope.Units!.Find(tensor.Name)!.Units.Count), tensor.Name);
        Assert.That(patch.Mask.Except(scope.Units!).Count, Is.GreaterThan(20), "the first values were drawn, these were grown");
        PatchApplication.Apply(path, folder.File("out"), folder.File("tuned"));
        using Checkpoint before = Checkpoint.Open(path), after = Checkpoint.Open(folder.File("tuned"));
        foreach (Tensor tensor in before.Tensors.Where(t => patch.Mask.Find(t.Name) is null))
            Assert.That(Fingerprint.OfTensor(after.GetTensor(tensor.Name)), Is.EqualTo(Fingerprint.OfTensor(tensor)), tensor.Name);
    }

    /// <summary>Within the sums, at an exchange and behind it.</summary>
    [Test]
    public void A_run_that_was_broken_off_ends_with_the_same_bytes([Values(2, 4, 5, 6, 9, 14)] int cancelledAt,
        [Values] OptimizerKind optimizer)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        TrainingScope scope = Scope(path, 40);
        Run(path, scope, folder.File("whole"), optimizer);
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, scope, folder.File("cut"), optimizer, new Heard(cancelledAt, cancel), cancel: cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Run(path, scope, folder.File("cut"), optimizer);
        foreach (string name in (string[])["patch.safetensors", "training.json"])
            Assert.That(File.ReadAllBytes(folder.File($"cut/{name}")), Is.EqualTo(File.ReadAllBytes(folder.File($"whole/{name}"))), name);
    }

    private static TrainingScope Scope(string path, int count)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        return TrainingScope.Regrown(TensorChoice.Parse("*.mlp.*,*.self_attn.*").In(baseModel), count, seed: 3);
    }

    /// <summary>A value that moves begins at its new place's value, which a distance to the first one would pull it away from.</summary>
    [Test]
    public void Values_that_move_are_held_to_no_start()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false, isTied: false);
        Assert.That(() => Run(path, Scope(path, 40), folder.File("out"), distance: 0.1), Throws.ArgumentException.With.Message
            .Contains("values that move have no beginning of their own").And.Message.Contains("the scope ticket"));
        Assert.That(Directory.Exists(folder.File("out")), Is.False);
    }

    private static TrainingSummary Run(string path, TrainingScope scope, string output, OptimizerKind optimizer = default,
        IProgress<TrainingProgress>? heard = null, double distance = 0, CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(1);
        using TuningRun run = new(baseModel, scope, Sequences, [], operations, new()
        {
            Plan = new()
            {
                Steps = 18,
                BatchSize = 12,
                MicroBatchRows = 20,
                LearningRate = 2e-2,
                Optimizer = optimizer,
                L1ToBase = distance,
                Regrowth = new() { Every = 6, Accumulated = 3, Rate = 0.5 },
            },
            Out = output,
            Resume = true,
            SaveEvery = TimeSpan.FromHours(1),
        }, CancellationToken.None);
        return run.Run(heard, cancel);
    }

    private static JsonElement Golden(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", name)));
        return document.RootElement.Clone();
    }

    private static float[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => (float)v.GetDouble())];

    private sealed class Heard(int step, CancellationTokenSource cancel) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step.Step == step) cancel.Cancel();
        }
    }
}
