using System.Runtime.InteropServices;
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

/// <summary>Training inside any mask: rows, elements, columns and blocks of any tensors.</summary>
[TestFixture]
public class MaskedTrainingTests
{
    private const string Embedding = "model.embed_tokens.weight", Head = "lm_head.weight";
    private const string Gate = "model.layers.1.mlp.gate_proj.weight", Query = "model.layers.0.self_attn.q_proj.weight";

    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 12)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    private static readonly TicketMask[] Masks =
    [
        TinyModels.Mask,
        new([Part(Gate, TicketUnit.Elements, 12, 8, 0, 1, 13, 40, 41, 95)]),
        new([Part(Query, TicketUnit.Blocks(6, 8), 24, 8, 1)]),
        new([Part("model.norm.weight", TicketUnit.Elements, 1, 8, 2, 5)]),
        new([Part(Embedding, TicketUnit.Elements, 11, 8, 9, 10, 33, 87), Part(Gate, TicketUnit.Columns, 12, 8, 6)]),
        new([Part(Head, TicketUnit.Elements, 11, 8, 8, 34, 80), Part(Embedding, TicketUnit.Rows, 11, 8, 3)]),
    ];

    /// <summary>A mask's gradient is the part of the full one, whatever lies below the lowest weight that learns.</summary>
    [Test]
    public void Values_of_a_mask_get_the_gradients_of_the_whole([Values("cpu", TestDevices.OpenCl)] string device,
        [Range(0, 5)] int mask, [Values] bool isTied)
    {
        using IOperations operations = TestDevices.Open(device);
        LlamaConfig config = TinyModels.Config(isTied);
        using LlamaWeights all = TinyModels.Weights(config, operations, TrainingScope.Full);
        using LlamaWeights some = TinyModels.Weights(config, operations, TrainingScope.Mask(Masks[mask]));
        using LlamaModel whole = new(all, operations), part = new(some, operations);
        Assert.That(part.LossAndGradients(TinyModels.Batch(), 1), Is.EqualTo(whole.LossAndGradients(TinyModels.Batch(), 1)));
        Dictionary<string, float[]> expected = all.All.ToDictionary(w => w.Name, w => TestDevices.Download(operations, w.Gradient));
        Assert.That(some.Trainable.Sum(w => w.Value.Length), Is.EqualTo(Masks[mask].Parameters));
        foreach (Weight weight in some.Changing)
            Assert.That(Bytes(TestDevices.Download(operations, weight.Runs!.Weight.Gradient)),
                Is.EqualTo(Bytes([.. weight.Runs.Elements.Select(i => expected[weight.Name][i])])), weight.Name);
    }

    [Test]
    public void Units_are_gathered_in_the_widest_runs_that_they_are_made_of()
    {
        using CpuOperations operations = new(1);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TrainingScope.Mask(TinyModels.Mask));
        Assert.That(weights.Changing.ToDictionary(w => w.Name, w => (w.Runs!.Weight.Rows, w.Runs.Weight.Columns)),
            Is.EquivalentTo(new Dictionary<string, (int, int)>
            {
                [Embedding] = (6, 1),
                [Query] = (4, 1),
                ["model.layers.0.self_attn.o_proj.weight"] = (16, 1),
                ["model.layers.0.post_attention_layernorm.weight"] = (3, 1),
                ["model.layers.1.self_attn.v_proj.weight"] = (14, 1),
                ["model.layers.1.mlp.up_proj.weight"] = (2, 8),
                ["model.layers.1.mlp.down_proj.weight"] = (8, 4),
                ["model.norm.weight"] = (1, 8),
            }));
    }

    [Test]
    public void Only_values_of_the_mask_change_and_the_loss_falls([Range(0, 5)] int mask, [Values] bool isTied,
        [Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, type, isSharded: true, isTied);
        TrainingSummary summary = Run(path, TrainingScope.Mask(Masks[mask]), folder.File("out"));
        Assert.That(summary.LastLoss < summary.FirstLoss, Is.True, $"{summary.FirstLoss} to {summary.LastLoss}");
        Assert.That(summary.ParameterCount, Is.EqualTo(Masks[mask].Parameters));
        using TicketPatch patch = TicketPatch.Open(folder.File("out"));
        // A tied head is the embedding, under either name.
        TicketMask named = isTied ? Masks[mask].Tensors.Aggregate(new TicketMask([]),
            (all, t) => all.Union(new([t.Name == Head ? t with { Name = Embedding } : t]))) : Masks[mask];
        Assert.That(patch.Mask.ToElements().Tensors.OrderBy(t => t.Name, StringComparer.Ordinal),
            Is.EqualTo(named.ToElements().Tensors.OrderBy(t => t.Name, StringComparer.Ordinal)));
        PatchApplication.Apply(path, folder.File("out"), folder.File("tuned"));
        using Checkpoint before = Checkpoint.Open(path), after = Checkpoint.Open(folder.File("tuned"));
        foreach (Tensor tensor in before.Tensors)
        {
            float[] was = Values(tensor), @is = Values(after.GetTensor(tensor.Name));
            HashSet<long> learned = [.. named.Find(tensor.Name)?.ToElements().Units ?? Enumerable.Empty<long>()];
            Assert.That(Enumerable.Range(0, was.Length).Where(i => !learned.Contains(i) && was[i] != @is[i]), Is.Empty, tensor.Name);
            Assert.That(learned.Where(i => was[i] == @is[i]), Is.Empty, tensor.Name);
        }
    }

    /// <summary>Values outside of a mask that change in the memory that learns are found, though no file shows it.</summary>
    [Test]
    public void A_frozen_value_that_changes_in_memory_is_found()
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: false));
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(baseModel, LlamaConfig.Load(baseModel.Path), operations);
        weights.MakeTrainable(TrainingScope.Mask(Masks[1]));
        LearnedPart part = new(weights, baseModel);
        string frozen = part.FingerprintOfFrozen(baseModel, default);
        Assert.That(part.FingerprintOfFrozen(baseModel, weights, operations, default), Is.EqualTo(frozen));
        DeviceSpan gate = weights.Changing[0].Value;
        operations.Upload(gate.Slice(13, 1), [0.5f]);
        Assert.That(part.FingerprintOfFrozen(baseModel, weights, operations, default), Is.EqualTo(frozen), "13 learns");
        operations.Upload(gate.Slice(14, 1), [0.5f]);
        Assert.That(part.FingerprintOfFrozen(baseModel, weights, operations, default), Is.Not.EqualTo(frozen), "14 does not");
    }

    [Test]
    public void A_mask_of_whole_rows_is_a_ticket_of_these_rows_bit_for_bit([Values] bool isTied, [Values] bool asElements)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: false, isTied);
        TicketMask rows = TicketMask.OfRows(Embedding, 11, 8, [1, 6, 7]);
        Run(path, TinyModels.Rows(1, 6, 7), folder.File("ticket"));
        Run(path, TrainingScope.Mask(asElements ? rows.ToElements() : rows), folder.File("mask"));
        foreach (string name in (string[])["patch.safetensors", "training.json"])
            Assert.That(File.ReadAllBytes(folder.File($"mask/{name}")), Is.EqualTo(File.ReadAllBytes(folder.File($"ticket/{name}"))), name);
    }

    [Test]
    public void A_run_goes_on_only_with_the_same_mask_however_its_units_are_called()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, TrainingScope.Mask(Masks[2]), folder.File("out"), new Heard(cancel), cancel: cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Run(path, TrainingScope.Mask(new([Part(Query, TicketUnit.Blocks(6, 8), 24, 8, 2)])), folder.File("out")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("the run was begun with base ="));
        Run(path, TrainingScope.Mask(Masks[2].ToElements()), folder.File("out"));
        Run(path, TrainingScope.Mask(Masks[2]), folder.File("whole"));
        using TicketPatch resumed = TicketPatch.Open(folder.File("out")), whole = TicketPatch.Open(folder.File("whole"));
        Assert.That(Values(resumed.Tensors[0].Values!), Is.EqualTo(Values(whole.Tensors[0].Values!)));
        Assert.That(resumed.Mask.ToElements(), Is.EqualTo(whole.Mask.ToElements()));
    }

    /// <summary>Trained on top of another patch, a ticket ends where it does on the checkpoint that apply writes, and merging adds up what
    /// both patches hold.</summary>
    [Test]
    public void A_patch_learned_on_top_of_another_adds_up_with_it([Values(0, 1, 5)] int mask,
        [Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, type, isSharded: true);
        Run(path, TrainingScope.Mask(TinyModels.Mask), folder.File("language"));
        PatchApplication.Apply(path, folder.File("language"), folder.File("spoken"));
        TrainingScope[] scopes = [TrainingScope.Mask(Masks[mask]), TinyModels.Rows(0, 1, 7)];
        foreach (TrainingScope scope in scopes)
        {
            (string onTop, string apart, string both) = (folder.File($"top-{scope.Name}{scope.Units!.Count}"),
                folder.File($"apart-{scope.Units.Count}"), folder.File($"both-{scope.Units.Count}"));
            Run(path, scope, onTop, start: folder.File("language"));
            Run(folder.File("spoken"), scope, apart);
            PatchMerging.Merge(path, [folder.File("language"), onTop], both, new MergeRecipe { Method = MergeMethod.Add });
            PatchApplication.Apply(folder.File("spoken"), apart, folder.File($"expected-{scope.Units.Count}"));
            using TicketPatch task = TicketPatch.Open(onTop), trained = TicketPatch.Open(apart);
            using Checkpoint baseModel = Checkpoint.Open(path), spoken = Checkpoint.Open(folder.File("spoken")),
                merged = Checkpoint.Open(both), expected = Checkpoint.Open(folder.File($"expected-{scope.Units.Count}"));
            foreach ((PatchedTensor delta, PatchedTensor end) in task.Tensors.Zip(trained.Tensors))
            {
                Assert.That((delta.Name, delta.Payload, delta.Mask), Is.EqualTo((end.Name, TicketPayload.Delta, end.Mask)));
                IndexSet elements = end.Mask.ToElements().Units;
                float[] start = Values(spoken.GetTensor(end.Name)), values = Values(end.Values!);
                Assert.That(Values(delta.Values!), Is.EqualTo(elements.Select((e, i) => values[i] - start[e])), end.Name);
                Assert.That(Values(delta.BaseValues), Is.EqualTo(elements.Select(e => Values(baseModel.GetTensor(end.Name))[e])), end.Name);
            }
            foreach (Tensor tensor in expected.Tensors)
            {
                float[] right = Values(tensor), found = Values(merged.GetTensor(tensor.Name));
                for (int i = 0; i < right.Length; i++)
                    Assert.That(Math.Abs(found[i] - right[i]) <= (type == ElementType.F32 ? 2e-7 : 8e-3) * (1 + Math.Abs(right[i])),
                        Is.True, $"{tensor.Name} {i}: {found[i]} for {right[i]}");
            }
        }
    }

    [Test]
    public void A_scope_that_writes_a_checkpoint_does_not_start_with_a_patch([Values] bool isTied)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false, isTied);
        Run(path, TrainingScope.Mask(Masks[4]), folder.File("language"));
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("out"), start: folder.File("language")),
            Throws.ArgumentException.With.Message.Contains("scope full writes a checkpoint"));
        Assert.That(() => Run(path, TrainingScope.Mask(TinyModels.Mask), folder.File("out"), start: folder.File("language")),
            Throws.Nothing, "whatever copies of the embedding the base holds");
    }

    [Test]
    public void The_frozen_part_is_known_by_its_own_values_alone()
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false));
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(baseModel, LlamaConfig.Load(baseModel.Path), operations);
        weights.MakeTrainable(TrainingScope.Mask(Masks[1]));
        LearnedPart part = new(weights, baseModel);
        string frozen = part.FingerprintOfFrozen(baseModel, default), learned = part.FingerprintOfLearned(baseModel, default);
        foreach ((string name, long element, bool learns) in ((string, long, bool)[])[(Gate, 0, true), (Gate, 2, false), (Gate, 12, false),
            (Gate, 13, true), (Gate, 94, false), (Gate, 95, true), (Query, 0, false), (Embedding, 13, false)])
        {
            byte[] bytes = File.ReadAllBytes(baseModel.Shards[0].Path);
            bytes[baseModel.GetTensor(name).FileOffset + (element * sizeof(float)) + 1] ^= 1;
            string other = Directory.CreateDirectory(folder.File($"{name}{element}")).FullName;
            File.WriteAllBytes(Path.Combine(other, "model.safetensors"), bytes);
            using Checkpoint changed = Checkpoint.Open(other);
            Assert.That((part.FingerprintOfFrozen(changed, default) == frozen, part.FingerprintOfLearned(changed, default) == learned),
                Is.EqualTo((learns, !learns)), $"{name} {element}");
        }
    }

    [Test]
    public void A_mask_of_another_model_is_refused_by_name()
    {
        using CpuOperations operations = new(1);
        Assert.That(() => TrainingScope.Mask(new([Part(Gate, TicketUnit.Rows, 12, 8)])), Throws.ArgumentException.With.Message
            .Contains("a mask without units"));
        Assert.That(() => TinyModels.Weights(TinyModels.Config(), operations,
            TrainingScope.Mask(new([Part("model.layers.2.mlp.up_proj.weight", TicketUnit.Rows, 12, 8, 1)]))),
            Throws.ArgumentException.With.Message.Contains("\"model.layers.2.mlp.up_proj.weight\", the model has no such tensor"));
        Assert.That(() => TinyModels.Weights(TinyModels.Config(), operations,
            TrainingScope.Mask(new([Part(Gate, TicketUnit.Rows, 8, 12, 1)]))),
            Throws.ArgumentException.With.Message.Contains("8 units of 1 x 12 in [8,12]").And.Message.Contains("[12,8]"));
    }

    /// <summary>One step of AdamW or RMSprop inside a mask, as it was computed elsewhere.</summary>
    [Test]
    public void Steps_freeze_what_is_outside_as_the_golden_cases_do([Values("reference", "cpu")] string device)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "masked_steps.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("cases").EnumerateArray().Where(c =>
            c.GetProperty("policy").GetString() == "freeze_outside"
            && c.GetProperty("optimiser").GetProperty("kind").GetString() is "adamw" or "rmsprop")];
        Assert.That(cases, Has.Length.EqualTo(12));
        using IOperations operations = TestDevices.Open(device);
        foreach (JsonElement one in cases) Check(one, operations, device == "reference" ? 1e-14 : 5e-7);
    }

    private static void Check(JsonElement golden, IOperations operations, double tolerance)
    {
        string name = golden.GetProperty("name").GetString()!;
        double[] values = Numbers(golden.GetProperty("w"));
        int[] places = [.. Enumerable.Range(0, values.Length).Where(i => golden.GetProperty("mask")[i].GetInt32() == 1)];
        JsonElement expected = golden.GetProperty("expected"), optimiser = golden.GetProperty("optimiser"),
            state = golden.GetProperty("state"), stateAfter = expected.GetProperty("state");
        if (places.Length == 0)
        {
            // Nothing learns, and there is nothing to step.
            Assert.That(Numbers(expected.GetProperty("w")), Is.EqualTo(values), name);
            Assert.That(() => TrainingScope.Mask(new([Part("w", TicketUnit.Elements, 2, 4)])), Throws.ArgumentException);
            return;
        }
        using DeviceMemory memory = operations.Allocate(values.Length);
        Put(operations, memory, values);
        double[] before = Get(operations, memory);
        using Weight weight = new Weight("w", 2, 4, memory).ToMasked(Part("w", TicketUnit.Elements, 2, 4, places), operations);
        Weight learned = weight.Runs!.Weight;
        using ScratchMemory scratch = new(operations);
        using DeviceMemory first = operations.Allocate(places.Length), second = operations.Allocate(places.Length);
        bool isAdamW = optimiser.GetProperty("kind").GetString() == "adamw";
        if (isAdamW) Put(operations, first, Chosen(state.GetProperty("m")));
        Put(operations, second, Chosen(state.GetProperty("v")));
        DeviceSpan whole = weight.Runs.Spread(scratch);
        Put(operations, whole, Numbers(golden.GetProperty("g")));
        weight.Runs.Collect(whole);
        double clip = expected.TryGetProperty("clip_coefficient", out JsonElement given) ? given.GetDouble() : 1;
        operations.AdamWStep(learned.Value, learned.Gradient, first, second, !isAdamW
            ? AdamWStep.RmsProp(Number("lr"), Number("alpha"), Number("eps"), clip)
            : new(Number("lr"), optimiser.GetProperty("betas")[0].GetDouble(), optimiser.GetProperty("betas")[1].GetDouble(), Number("eps"),
                Number("weight_decay"), state.GetProperty("step").GetInt64() + 1, clip));
        weight.Runs.Put();
        Assert.Multiple(() =>
        {
            double[] after = Get(operations, memory), right = Numbers(expected.GetProperty("w"));
            for (int i = 0; i < values.Length; i++)
                Assert.That(after[i], places.Contains(i) ? Is.EqualTo(right[i]).Within(tolerance) : Is.EqualTo(before[i]),
                    $"{name}, weight {i}");
            if (isAdamW) Assert.That(Get(operations, first), Is.EqualTo(Chosen(stateAfter.GetProperty("m"))).Within(tolerance), name);
            Assert.That(Get(operations, second), Is.EqualTo(Chosen(stateAfter.GetProperty("v"))).Within(tolerance), name);
        });

        double[] Chosen(JsonElement all) => [.. places.Select(i => all[i].GetDouble())];

        double Number(string key) => optimiser.GetProperty(key).GetDouble();

        static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];
    }

    /// <summary>The reference takes doubles as they are.</summary>
    private static void Put(IOperations operations, DeviceSpan span, double[] values)
    {
        if (span.Memory is ReferenceMemory reference) values.CopyTo(reference.Values.AsSpan((int)span.Start));
        else operations.Upload(span, [.. values.Select(v => (float)v)]);
    }

    private static double[] Get(IOperations operations, DeviceSpan span) => span.Memory is ReferenceMemory reference
        ? reference.Values.AsSpan((int)span.Start, (int)span.Length).ToArray()
        : [.. TestDevices.Download(operations, span).Select(v => (double)v)];

    private static TensorMask Part(string name, TicketUnit unit, int rows, int columns, params int[] units)
    {
        UnitGrid grid = unit.Cut(rows, columns);
        return new(name, grid, IndexSet.Of(grid.Count, units));
    }

    private static TrainingSummary Run(string path, TrainingScope scope, string output, IProgress<TrainingProgress>? heard = null,
        string? start = null, CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using PatchedCheckpoint? patched = start is null ? null : PatchedCheckpoint.Open(baseModel, start, null, cancel);
        using CpuOperations operations = new(1);
        using TuningRun run = new(baseModel, scope, Sequences, [], operations, new()
        {
            Plan = new() { Steps = 24, BatchSize = 12, MicroBatchRows = 20, LearningRate = 3e-2, WeightDecay = 0.1 },
            Out = output,
            Resume = true,
            SaveEvery = TimeSpan.FromHours(1),
            Start = patched,
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

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    /// <summary>Cancels after the fifth step.</summary>
    private sealed class Heard(CancellationTokenSource cancel) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step.Step == 5) cancel.Cancel();
        }
    }
}
