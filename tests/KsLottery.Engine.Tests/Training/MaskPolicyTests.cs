using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>What becomes of values outside of a mask while whole tensors learn.</summary>
[TestFixture]
public class MaskPolicyTests
{
    internal const string Gate = "model.layers.1.mlp.gate_proj.weight";

    private static readonly TrainingPlan Plan = new()
    {
        Steps = 24,
        BatchSize = 12,
        MicroBatchRows = 20,
        LearningRate = 2e-2,
        WeightDecay = 0.1,
    };

    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 12)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    private static MaskPolicy[] Policies(string kept)
    {
        using TicketPatch patch = TicketPatch.Open(kept);
        return
        [
            new ZeroOutside(patch.Mask), new MatchedNorm(patch.Mask), new StraightThrough(Half) { Every = 5, Decay = 1e-2 },
            new StraightThrough(new GroupPattern(2, 4)) { Every = 5 }, new ProjectedSteps(Half),
            new ProjectedSteps(ModelPruning.KeptOf(new(0.5m), isPerTensor: true), TensorChoice.Parse(Gate)) { ZeroesMoments = true },
        ];
    }

    private static TopShare Half => ModelPruning.KeptOf(new(0.5m));

    /// <summary>A step of AdamW or of SGD under each policy, as it was computed elsewhere.</summary>
    [Test]
    public void Steps_are_those_of_the_golden_cases([Values("reference", "cpu")] string device,
        [Values("zero_outside", "ste_srste", "project_after_step")] string policy)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "masked_steps.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("cases").EnumerateArray()
            .Where(c => c.GetProperty("policy").GetString() == policy)];
        Assert.That(cases, Has.Length.EqualTo(policy == "zero_outside" ? 10 : 6));
        using IOperations operations = TestDevices.Open(device);
        foreach (JsonElement one in cases)
            foreach (bool zeroesMoments in policy == "project_after_step" ? (bool[])[false, true] : [false])
                Check(one, policy, zeroesMoments, operations, device == "reference");
    }

    private static void Check(JsonElement golden, string policy, bool zeroesMoments, IOperations operations, bool isExact)
    {
        string name = $"{policy}, {golden.GetProperty("name").GetString()}";
        JsonElement optimiser = golden.GetProperty("optimiser"), state = golden.GetProperty("state"),
            expected = golden.GetProperty("expected");
        double[] start = Numbers(golden.GetProperty("w"));
        int length = start.Length;
        bool isAdamW = optimiser.GetProperty("kind").GetString() == "adamw";
        string[] momentNames = isAdamW ? ["m", "v"] : ["momentum"];
        using Weight weight = new("w", 1, length, operations.Allocate(length), operations.Allocate(length));
        DeviceMemory[] moments = [.. momentNames.Select(_ => operations.Allocate(length))];
        Put(weight.Value, start);
        foreach ((DeviceMemory memory, string moment) in moments.Zip(momentNames)) Put(memory, Numbers(state.GetProperty(moment)));
        IndexSet kept = IndexSet.Of(length, golden.GetProperty("mask").EnumerateArray().Index().Where(m => m.Item.GetInt32() == 1)
            .Select(m => m.Index));
        double lambda = golden.TryGetProperty("lambda", out JsonElement given) ? given.GetDouble() : 0;
        int bits = kept.Aggregate(0, (all, element) => all | 1 << (int)element);

        MaskedWeight[] parts = [new(weight, [.. moments.Select(m => m.Span)])];
        using AppliedMask mask = policy switch
        {
            "zero_outside" => new ZeroedOutside(parts,
                new Dictionary<string, TensorMask> { ["w"] = new("w", TicketUnit.Elements.Cut(1, length), kept) }, operations),
            "ste_srste" => new StraightThroughMask(parts, new(Half) { Every = 9, Decay = lambda }, operations),
            _ => new Projection(parts, new(golden.GetProperty("k").GetInt32() is > 0 and int k ? new TopUnits(k) : new TopShare(new(0)))
            {
                ZeroesMoments = zeroesMoments,
            }, operations),
        };
        // The golden mask of a straight-through step is given and not found.
        if (policy == "ste_srste") mask.Restore(_ => [bits]);
        else mask.Begin();
        Put(weight.Gradient, Numbers(golden.GetProperty("g")));
        mask.MaskGradients();
        // λ is a float on the device.
        double tolerance = isExact && (float)lambda == lambda ? 1e-14 : 1e-6;
        if (expected.TryGetProperty("gradient_used", out JsonElement used))
            Assert.That(Get(weight.Gradient), Is.EqualTo(Numbers(used)).Within(tolerance), name);
        DeviceSpan values = mask.ValueOf(weight);
        if (isAdamW)
            operations.AdamWStep(values, weight.Gradient, moments[0], moments[1], new(Number("lr"),
                optimiser.GetProperty("betas")[0].GetDouble(), optimiser.GetProperty("betas")[1].GetDouble(), Number("eps"),
                Number("weight_decay"), state.GetProperty("step").GetInt64() + 1, 1));
        else
            DescendByGradient();
        mask.End(8);
        double[] after = Numbers(expected.GetProperty("w"));
        Assert.That(Get(values), Is.EqualTo(after).Within(tolerance), name);
        Assert.That(Get(weight.Value), Is.EqualTo(policy == "ste_srste" ? [.. after.Select((w, i) => kept.Contains(i) ? w : 0)] : after)
            .Within(tolerance), name);
        JsonElement stateAfter = expected.GetProperty(zeroesMoments ? "state_zeroed_where_cut" : "state");
        foreach ((DeviceMemory memory, string moment) in moments.Zip(momentNames))
            Assert.That(Get(memory), Is.EqualTo(Numbers(stateAfter.GetProperty(moment))).Within(tolerance), $"{name}, {moment}");
        foreach (DeviceMemory memory in moments) memory.Dispose();

        // No training here steps so, and a policy does not know what the optimizer does.
        void DescendByGradient()
        {
            double[] w = Get(values), g = Get(weight.Gradient), b = Get(moments[0]);
            double momentum = Number("momentum");
            for (int i = 0; i < length; i++)
            {
                double d = g[i] + (Number("weight_decay") * w[i]);
                b[i] = momentum == 0 ? b[i] : (momentum * b[i]) + ((1 - Number("dampening")) * d);
                w[i] -= Number("lr") * (momentum == 0 ? d
                    : optimiser.GetProperty("nesterov").GetBoolean() ? d + (momentum * b[i]) : b[i]);
            }
            Put(values, w);
            Put(moments[0], b);
        }

        double Number(string key) => optimiser.GetProperty(key).GetDouble();

        // The reference takes doubles as they are.
        void Put(DeviceSpan span, double[] numbers)
        {
            if (isExact) numbers.CopyTo(ReferenceOperations.Values(span));
            else operations.Upload(span, [.. numbers.Select(v => (float)v)]);
        }

        double[] Get(DeviceSpan span) => isExact ? ReferenceOperations.Values(span).ToArray()
            : [.. TestDevices.Download(operations, span).Select(v => (double)v)];

        static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];
    }

    /// <summary>What is pruned, and then trained with all the rest while what was pruned stays, is trained under the mask of it.</summary>
    [Test]
    public void Zero_outside_of_a_mask_is_the_pruned_model_with_these_zeros_frozen([Values] bool isTied)
    {
        using TemporaryFolder folder = new();
        (string path, string ticket) = MakePruned(folder, isTied: isTied);
        TrainingPlan plan = Plan with { MaxGradientNorm = 0 };
        TrainingSummary summary = Run(path, folder.File("zero"), Policies(ticket)[0], plan);
        Assert.That(summary.LastLoss < summary.FirstLoss, Is.True, $"{summary.FirstLoss} to {summary.LastLoss}");
        using TicketPatch patch = TicketPatch.Open(ticket);
        using (Checkpoint pruned = Checkpoint.Open(folder.File("pruned")))
        {
            TicketMask learns = patch.Mask.Union(new(pruned.Tensors.Where(t => patch.Mask.Find(t.Name) is null)
                .Select(t => new TensorMask(t.Name, TicketUnit.Elements.Cut(t), IndexSet.All(t.ElementCount)))));
            using CpuOperations operations = new(1);
            using TuningRun run = new(pruned, TrainingScope.Mask(learns), Sequences, [], operations,
                new() { Plan = plan, Out = folder.File("frozen") }, CancellationToken.None);
            run.Run();
        }
        PatchApplication.Apply(folder.File("pruned"), folder.File("frozen"), folder.File("expected"));
        using Checkpoint zero = Checkpoint.Open(folder.File("zero")), expected = Checkpoint.Open(folder.File("expected"));
        // A second copy of a tied embedding is written by a training and not by a patch.
        foreach (Tensor tensor in zero.Tensors.Where(t => !isTied || t.Name != LlamaWeights.HeadName))
        {
            float[] found = Values(tensor);
            Assert.That(found, Is.EqualTo(Values(expected.GetTensor(tensor.Name))).Within(1e-6), tensor.Name);
            if (patch.Mask.Find(tensor.Name) is { } part)
                Assert.That(found.Index().Where(v => v.Item != 0).Select(v => (long)v.Index), Is.EqualTo(part.ToElements().Units),
                    tensor.Name);
        }
    }

    /// <summary>Of a tensor of which nothing is kept nothing learns either, and the others' gradients do not see it.</summary>
    [Test]
    public void A_tensor_of_which_a_mask_keeps_nothing_is_zero_to_the_end()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: true);
        TicketMask nothing = new([new(Gate, TicketUnit.Rows.Cut(12, 8), IndexSet.Empty(12))]);
        Run(path, folder.File("out"), new ZeroOutside(nothing));
        using Checkpoint after = Checkpoint.Open(folder.File("out"));
        Assert.That(Values(after.GetTensor(Gate)), Is.All.Zero);
    }

    /// <summary>Of masks that follow the weights also where the next is not due yet.</summary>
    [TestCase(0, 5, OptimizerKind.AdamW), TestCase(0, 5, OptimizerKind.RmsProp), TestCase(1, 5, OptimizerKind.AdamW)]
    [TestCase(2, 1, OptimizerKind.AdamW), TestCase(2, 5, OptimizerKind.AdamW), TestCase(2, 7, OptimizerKind.RmsProp)]
    [TestCase(3, 7, OptimizerKind.AdamW), TestCase(4, 7, OptimizerKind.AdamW), TestCase(5, 4, OptimizerKind.RmsProp)]
    public void A_run_that_was_broken_off_ends_with_the_same_bytes(int policy, int cancelledAt, OptimizerKind optimizer)
    {
        using TemporaryFolder folder = new();
        (string path, string ticket) = MakePruned(folder);
        TrainingPlan plan = Plan with { Optimizer = optimizer, WeightDecay = optimizer == OptimizerKind.AdamW ? 0.1 : 0, Steps = 9 };
        MaskPolicy one = Policies(ticket)[policy];
        Run(path, folder.File("whole"), one, plan);
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, folder.File("cut"), one, plan, heard: new Heard(cancelledAt, cancel), cancel: cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Run(path, folder.File("cut"), null, plan), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains("the run was begun with outside = ").And.Message.Contains("now it is nothing"));
        Run(path, folder.File("cut"), one, plan);
        foreach (string name in (string[])["model.safetensors", "training.json"])
            Assert.That(File.ReadAllBytes(folder.File($"cut/{name}")), Is.EqualTo(File.ReadAllBytes(folder.File($"whole/{name}"))), name);
    }

    /// <summary>What is kept at the end is as much as was asked for, and not what was kept at first.</summary>
    [Test]
    public void A_mask_that_follows_the_weights_moves_and_keeps_its_size([Values(2, 3, 4)] int policy)
    {
        using TemporaryFolder folder = new();
        (string path, string ticket) = MakePruned(folder);
        TrainingSummary summary = Run(path, folder.File("out"), Policies(ticket)[policy]);
        Assert.That(summary.LastLoss < summary.FirstLoss, Is.True, $"{summary.FirstLoss} to {summary.LastLoss}");
        using Checkpoint after = Checkpoint.Open(folder.File("out"));
        using TicketPatch first = TicketPatch.Open(ticket);
        TicketMask last = new(first.Mask.Tensors.Select(t => t with
        {
            Units = IndexSet.Of(t.Grid.Count, Values(after.GetTensor(t.Name)).Index().Where(v => v.Item != 0).Select(v => v.Index)),
        }));
        Assert.That(last.Count, Is.EqualTo(first.Mask.ElementCount / 2));
        Assert.That(last.Except(first.Mask).Count, Is.GreaterThan(10));
        Assert.That(after.Tensors.Where(t => first.Mask.Find(t.Name) is null).SelectMany(Values), Has.None.Zero);
        if (policy != 3) return;
        foreach (TensorMask tensor in last.Tensors)
            Assert.That(tensor.Units.GroupBy(e => e / 4).Select(g => g.Count()), Is.All.EqualTo(2), tensor.Name);
    }

    [Test]
    public void Norms_are_those_of_the_parts_in_the_mask([Values(1, 2)] int p)
    {
        using CpuOperations operations = new(1);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TrainingScope.Full);
        Dictionary<string, float[]> before = weights.All.ToDictionary(w => w.Name, w => TestDevices.Download(operations, w.Value));
        using LlamaModel model = new(weights, operations);
        using Trainer trainer = new(model, operations, new(Sequences, 3, 20, 5), new()
        {
            Schedule = LearningRateSchedule.Constant(1e-3, 3),
            Policy = new MatchedNorm(TinyModels.Mask, p),
        });
        Assert.That(TinyModels.Mask.Tensors, Is.Not.Empty);
        foreach (Weight weight in weights.All)
        {
            float[] now = TestDevices.Download(operations, weight.Value), was = before[weight.Name];
            if (TinyModels.Mask.Find(weight.Name) is not { } part)
            {
                Assert.That(now, Is.EqualTo(was), weight.Name);
                continue;
            }
            double inside = part.ToElements().Units.Sum(e => Math.Pow(Math.Abs(was[e]), p));
            Assert.That(now.Sum(w => Math.Pow(Math.Abs(w), p)), Is.EqualTo(inside).Within(1e-3).Percent, weight.Name);
            float ratio = now[0] / was[0];
            Assert.That(now, Is.EqualTo(was.Select(w => w * ratio)).Within(1e-4).Percent, weight.Name);
        }
        trainer.Next();
    }

    [Test]
    public void What_does_not_go_together_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        ZeroOutside zero = new(TinyModels.Mask);
        Assert.That(() => Run(path, folder.File("out"), zero, scope: TinyModels.Rows(1)), Throws.ArgumentException.With.Message
            .Contains("the scope is ticket. Train the scope full or embedding"));
        Assert.That(() => Run(path, folder.File("out"), zero, scope: TrainingScope.Embedding), Throws.ArgumentException.With.Message
            .Contains("does not learn as a whole in the scope embedding"));
        Assert.That(() => Run(path, folder.File("out"), zero, Plan with { L1ToBase = 1 }), Throws.ArgumentException.With.Message
            .Contains("contradict each other"));
        Assert.That(() => Run(path, folder.File("out"), new ProjectedSteps(Half, TensorChoice.Parse("*.moe.*"))),
            Throws.ArgumentException.With.Message.Contains("no tensor of the model fits *.moe.*"));
        Assert.That(() => Run(path, folder.File("out"), new ZeroOutside(new([new(Gate, TicketUnit.Rows.Cut(13, 8), IndexSet.All(13))]))),
            Throws.ArgumentException.With.Message.Contains("the model's is [12,8]"));
        Assert.That(() => Run(path, folder.File("out"), new StraightThrough(Half) { Decay = double.NaN }),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(Directory.Exists(folder.File("out")), Is.False);
    }

    /// <summary>A base, its pruned half, and the ticket that says which.</summary>
    private static (string Base, string Ticket) MakePruned(TemporaryFolder folder, bool isTied = false)
    {
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false, isTied);
        ModelPruning.Prune(path, folder.File("pruned"), ModelPruning.RecipeOf(TicketScore.Named("magnitude"), Half),
            folder.File("ticket"));
        return (path, folder.File("ticket"));
    }

    private static TrainingSummary Run(string path, string output, MaskPolicy? policy, TrainingPlan? plan = null,
        TrainingScope? scope = null, IProgress<TrainingProgress>? heard = null, CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(1);
        using TuningRun run = new(baseModel, scope ?? TrainingScope.Full, Sequences, [], operations, new()
        {
            Plan = plan ?? Plan,
            Out = output,
            Resume = true,
            SaveEvery = TimeSpan.FromHours(1),
            Policy = policy,
        }, CancellationToken.None);
        return run.Run(heard, cancel);
    }

    private static float[] Values(Tensor tensor)
    {
        using StoredMemory stored = new(tensor);
        float[] values = new float[tensor.ElementCount];
        stored.Widen(0, values);
        return values;
    }

    private sealed class Heard(int step, CancellationTokenSource cancel) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step.Step == step) cancel.Cancel();
        }
    }
}
