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

/// <summary>Grafts of a tiny model that was tuned on what it is grafted for.</summary>
[TestFixture]
public class GraftRunTests
{
    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 16)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    private static readonly UnitShare Few = new(0.05m), Many = new(0.5m);

    [Test]
    public void A_graft_is_a_ticket_of_tuned_values_that_its_figures_describe([Values(ElementType.F32, ElementType.BF16)] ElementType type,
        [Values] bool isTied)
    {
        using TemporaryFolder folder = new();
        (string basePath, string tunedPath) = MakePair(folder, type, isTied);
        List<GraftProgress> steps = [];
        GraftSummary summary = Run(basePath, tunedPath, folder.File("graft"), heard: steps.Add);
        Assert.That(summary.TunedLoss < summary.BaseLoss - 0.2, Is.True, "the tuned model learned something");
        Assert.That(summary.Loss < summary.PatchLoss, Is.True, $"{summary.Loss}, {summary.PatchLoss}: the mask learned");
        Assert.That(summary.BestStep, Is.GreaterThan(0));
        Assert.That(steps.Select(s => s.Step.Step), Is.EqualTo(Enumerable.Range(0, 9)));
        Assert.That((summary.PatchLoss, summary.Loss), Is.EqualTo((steps[0].Step.EvalLoss, steps.Min(s => s.Step.EvalLoss))));

        using TicketPatch patch = TicketPatch.Open(folder.File("graft"));
        UnitTicketSummary ticket = UnitTicketFile.Read(folder.File("graft"));
        Assert.That((ticket.MaskFingerprint, ticket.Count, ticket.Signature, ticket.Unit, ticket.Payload), Is.EqualTo((patch.Mask
            .TakeFingerprint(), summary.Elements, patch.Signature, TicketUnit.Elements, TicketPayload.Replace)));
        Assert.That(ticket.Recipe, Is.EqualTo($"movement|unit:elements|tensors:*{(isTied ? $",!{LlamaWeights.HeadName}" : "")}|share:5%"
            + "|graft:candidates=50%,rate=1000000,bias=10,batch=16,seed=42"));
        Assert.That(patch.Mask.Parameters, Is.EqualTo(summary.Elements));
        Assert.That(summary.PatchElements, Is.InRange(1, new UnitShare(0.05m).CountOf(summary.ScopeElements)));

        PatchApplication.Apply(basePath, folder.File("graft"), folder.File("applied"));
        using Checkpoint before = Checkpoint.Open(basePath), after = Checkpoint.Open(tunedPath),
            applied = Checkpoint.Open(folder.File("applied"));
        Assert.That(LossOf(applied), Is.EqualTo(summary.Loss).Within(1e-6), "what apply writes is what was evaluated");
        Assert.That(LossOf(before), Is.EqualTo(summary.BaseLoss).Within(1e-6));
        Assert.That(LossOf(after), Is.EqualTo(summary.TunedLoss).Within(1e-6));
        foreach (PatchedTensor patched in patch.Tensors)
        {
            TensorMask mask = patched.Mask;
            Assert.That(MaskedValues.Read(applied.GetTensor(patched.Name), mask, type, default),
                Is.EqualTo(MaskedValues.Read(after.GetTensor(patched.Name), mask, type, default)), patched.Name);
        }
        PatchApplication.Revert(folder.File("applied"), folder.File("graft"), folder.File("reverted"));
        Assert.That(File.ReadAllBytes(folder.File("reverted/model.safetensors")),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(basePath, "model.safetensors"))));
    }

    /// <summary>The base patch is what moved farther than the k-th farthest, whatever the candidates; the graft of no step is it.</summary>
    [Test]
    public void The_base_patch_is_what_moved_strictly_farther_than_the_last_of_its_share()
    {
        using TemporaryFolder folder = new();
        (string basePath, string tunedPath) = MakePair(folder, ElementType.F32, isTied: false);
        using Checkpoint before = Checkpoint.Open(basePath), after = Checkpoint.Open(tunedPath);
        (string Name, long Element, float Movement)[] moved = [.. before.Tensors.SelectMany(tensor =>
        {
            TensorMask all = new(tensor.Name, TicketUnit.Elements.Cut(tensor), IndexSet.All(tensor.ElementCount));
            return MaskedValues.Read(tensor, all, ElementType.F32, default)
                .Zip(MaskedValues.Read(after.GetTensor(tensor.Name), all, ElementType.F32, default), (b, a) => MathF.Abs(a - b))
                .Select((movement, i) => (tensor.Name, (long)i, movement));
        })];
        float last = moved.Select(m => m.Movement).OrderDescending().ElementAt((int)Few.CountOf(moved.Length) - 1);
        // A mask of a bias so large never leaves the base patch.
        GraftSummary summary = Run(basePath, tunedPath, folder.File("graft"), options => options with { Bias = 100, Steps = 1 });
        using TicketPatch patch = TicketPatch.Open(folder.File("graft"));
        Assert.That(patch.Tensors.SelectMany(t => t.Mask.Units.Select(element => (t.Name, element))),
            Is.EquivalentTo(moved.Where(m => m.Movement > last).Select(m => (m.Name, m.Element))));
        Assert.That((summary.BestStep, summary.Loss), Is.EqualTo((0, summary.PatchLoss)));
    }

    [Test]
    public void A_run_cancelled_at_any_step_ends_with_the_same_bytes([Values(0, 1, 4, 8)] int cancelledAt)
    {
        using TemporaryFolder folder = new();
        (string basePath, string tunedPath) = MakePair(folder, ElementType.BF16, isTied: false);
        Run(basePath, tunedPath, folder.File("whole"));
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(basePath, tunedPath, folder.File("cut"), heard: progress =>
        {
            if (progress.Step.Step == cancelledAt) cancel.Cancel();
        }, cancel: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Run(basePath, tunedPath, folder.File("cut")),
            Throws.InstanceOf<IOException>().With.Message.Contains("unfinished"));
        Assert.That(() => Run(basePath, tunedPath, folder.File("cut"), options => options with { Resume = true, Bias = 9 }),
            Throws.InstanceOf<InvalidDataException>().With.Message.Contains("bias=9"));
        Run(basePath, tunedPath, folder.File("cut"), options => options with { Resume = true });
        foreach (string name in (string[])[TicketFile.FileName, TicketPatch.FileName, RunFolder.FileName])
            Assert.That(File.ReadAllBytes(folder.File($"cut/{name}")), Is.EqualTo(File.ReadAllBytes(folder.File($"whole/{name}"))), name);
        Assert.That(Lines("cut"), Is.EqualTo(Lines("whole")));
        Assert.That(File.Exists(folder.File("cut/state.safetensors")), Is.False);

        StepMetrics[] Lines(string run) =>
            [.. MetricsFile.Read(folder.File($"{run}/{MetricsWriter.FileName}")).Select(line => line with { TokensPerSecond = null })];
    }

    [Test]
    public void Masks_of_more_elements_than_the_bound_are_passed_by()
    {
        using TemporaryFolder folder = new();
        (string basePath, string tunedPath) = MakePair(folder, ElementType.F32, isTied: false);
        GraftSummary free = Run(basePath, tunedPath, folder.File("free"));
        Assert.That(free.Share > 0.06, Is.True, $"{free.Share}: without a bound the graft outgrows it");
        GraftSummary bound = Run(basePath, tunedPath, folder.File("bound"), options => options with { MaxShare = new(0.06m) });
        Assert.That(bound.Elements, Is.InRange(1, new UnitShare(0.06m).CountOf(bound.ScopeElements)));
        Assert.That(bound.Loss <= bound.PatchLoss && bound.Loss >= free.Loss, Is.True, $"{bound.Loss} {bound.PatchLoss} {free.Loss}");
        Assert.That(() => Run(basePath, tunedPath, folder.File("tight"), options => options with { MaxShare = new(0.04m) }),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("5% at least"));
    }

    [Test]
    public void Another_seed_begins_elsewhere()
    {
        using TemporaryFolder folder = new();
        (string basePath, string tunedPath) = MakePair(folder, ElementType.F32, isTied: false);
        double[] norms = [.. Enumerable.Range(1, 2).Select(seed =>
        {
            double norm = double.NaN;
            Run(basePath, tunedPath, folder.File($"graft{seed}"), options => options with { Seed = (ulong)seed, Steps = 1 },
                heard: progress => norm = progress.Step.GradientNorm ?? double.NaN);
            return norm;
        })];
        Assert.That(norms[0], Is.Positive.And.Not.EqualTo(norms[1]));
    }

    [Test]
    public void What_makes_no_graft_is_refused()
    {
        using TemporaryFolder folder = new();
        (string basePath, string tunedPath) = MakePair(folder, ElementType.F32, isTied: false);
        Assert.That(() => Run(basePath, tunedPath, folder.File("a"), options => options with { Share = new(0.00001m) }),
            Throws.ArgumentException.With.Message.Contains("Take a larger share"));
        Assert.That(() => Run(basePath, tunedPath, folder.File("a"), options => options with { Candidates = new(0.01m) }),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("5% at least"));
        Assert.That(() => Run(basePath, basePath, folder.File("a")),
            Throws.ArgumentException.With.Message.Contains("are chosen from moved"));
        Assert.That(() => Run(basePath, tunedPath, folder.File("a"), options => options with { LearningRate = double.NaN }),
            Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Run(basePath, tunedPath, folder.File("a"), held: []), Throws.ArgumentException.With.Message.Contains("held out"));
        Assert.That(() => Run(basePath, tunedPath, folder.File("a"), options => options with { Tensors = TensorChoice.Parse("*.none") }),
            Throws.TypeOf<KeyNotFoundException>());
        Assert.That(Directory.Exists(folder.File("a")), Is.False);
    }

    private static (string Base, string Tuned) MakePair(TemporaryFolder folder, ElementType type, bool isTied)
    {
        string path = TrainedCheckpointTests.MakeBase(folder, type, isSharded: false, isTied);
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(1);
        using TuningRun run = new(baseModel, TrainingScope.Full, Sequences, [], operations, new()
        {
            Plan = new() { Steps = 30, BatchSize = 16, LearningRate = 2e-2 },
            Out = folder.File("tuned"),
            KeepTypes = true,
        });
        run.Run();
        return (path, folder.File("tuned"));
    }

    private static GraftSummary Run(string basePath, string tunedPath, string output,
        Func<GraftRunOptions, GraftRunOptions>? change = null, Action<GraftProgress>? heard = null,
        IReadOnlyList<TokenSequence>? held = null, CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(basePath), tuned = Checkpoint.Open(tunedPath);
        using CpuOperations operations = new(1);
        GraftRunOptions options = new()
        {
            Share = Few,
            Candidates = Many,
            LearningRate = 1e6,
            Steps = 8,
            BatchSize = 16,
            Out = output,
        };
        using GraftRun run = new(baseModel, tuned, Sequences, held ?? Sequences[8..], operations, change?.Invoke(options) ?? options);
        return run.Run(heard is null ? null : new Heard(heard), cancel);
    }

    private static double LossOf(Checkpoint checkpoint)
    {
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        using LlamaModel model = new(weights, operations);
        return Trainer.Evaluate(model, BatchSchedule.Pack(Sequences[8..], 100));
    }

    private sealed class Heard(Action<GraftProgress> hear) : IProgress<GraftProgress>
    {
        public void Report(GraftProgress value) => hear(value);
    }
}
