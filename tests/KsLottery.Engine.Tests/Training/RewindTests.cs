using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>States that a training keeps, and trainings that begin with them.</summary>
[TestFixture]
public class RewindTests
{
    private static readonly TrainingPlan Plan = new() { Steps = 10, BatchSize = 4, LearningRate = 1e-2, EvaluateEvery = 4 };

    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 12)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    private static readonly TrainingScope[] Scopes = [TrainingScope.Full, TrainingScope.Embedding, TinyModels.Rows(1, 7),
        TrainingScope.LowRank(2, seed: 3), TrainingScope.Mask(TinyModels.Mask)];

    /// <summary>Weights, moments, learning rates and the order of the data are those of the training that was not broken off, and so are
    /// the bytes at its end.</summary>
    [Test]
    public void A_training_from_a_state_that_was_kept_ends_with_the_same_bytes([Range(0, 4)] int scope, [Values(0, 5)] int step)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: false);
        Run(path, Scopes[scope], folder.File("plain"));
        Run(path, Scopes[scope], folder.File("whole"), keep: [KeptState.After(0), KeptState.Parse("3"), KeptState.Parse("50%")]);
        Run(path, Scopes[scope], folder.File("rewound"), rewind: RewindPoint.State(folder.File($"whole/state-{step}")),
            keep: [KeptState.After(5)]);
        string result = Scopes[scope].Units is null ? "model.safetensors" : "patch.safetensors";
        byte[] expected = File.ReadAllBytes(folder.File($"plain/{result}"));
        Assert.That(File.ReadAllBytes(folder.File($"whole/{result}")), Is.EqualTo(expected), "keeping states changes nothing");
        Assert.That(File.ReadAllBytes(folder.File($"rewound/{result}")), Is.EqualTo(expected));
        StepMetrics[] whole = Metrics("whole"), rewound = Metrics("rewound");
        Assert.That(rewound[1..], Is.EqualTo(whole.Where(line => line.Step > step)));
        Assert.That((rewound[0].Step, rewound[0].Loss, rewound[0].EvalLoss is > 0), Is.EqualTo(((long)step, (double?)null, true)));
        using SafetensorsFile kept = SafetensorsFile.Open(folder.File("whole/state-5/state.safetensors")),
            again = SafetensorsFile.Open(folder.File("rewound/state-5/state.safetensors"));
        foreach (Tensor tensor in kept.Tensors)
            Assert.That(Fingerprint.OfTensor(again.GetTensor(tensor.Name)), Is.EqualTo(Fingerprint.OfTensor(tensor)), tensor.Name);

        StepMetrics[] Metrics(string run) =>
            [.. MetricsFile.Read(folder.File($"{run}/{MetricsWriter.FileName}")).Select(line => line with { TokensPerSecond = null })];
    }

    [Test]
    public void The_folder_of_a_state_is_the_model_as_it_was([Values] bool isSharded)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded);
        Run(path, TrainingScope.Full, folder.File("whole"), keep: [KeptState.After(0), KeptState.After(10)]);
        using Checkpoint baseModel = Checkpoint.Open(path), first = Checkpoint.Open(folder.File("whole/state-0")),
            last = Checkpoint.Open(folder.File("whole/state-10")), result = Checkpoint.Open(folder.File("whole"));
        foreach (Tensor tensor in baseModel.Tensors)
        {
            Assert.That(Fingerprint.OfTensor(first.GetTensor(tensor.Name)), Is.EqualTo(Fingerprint.OfTensor(tensor)), tensor.Name);
            Assert.That(Fingerprint.OfTensor(last.GetTensor(tensor.Name)),
                Is.EqualTo(Fingerprint.OfTensor(result.GetTensor(tensor.Name))), tensor.Name);
        }
        Assert.That(LlamaConfig.Load(first.Path).Width, Is.EqualTo(8));
    }

    /// <summary>Also where the cancellation hits the evaluation before a state is kept, and before the first step of all.</summary>
    [Test]
    public void States_and_results_do_not_change_by_a_break([Values(3, 4, 5)] int cancelledAt, [Values] bool isPruned)
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        Run(path, TrainingScope.Full, folder.File("first"), keep: [KeptState.After(3)]);
        RewindPoint rewind = RewindPoint.State(folder.File("first/state-3"));
        MaskPolicy? policy = isPruned ? new ZeroOutside(TinyModels.Mask) : null;
        KeptState[] keep = [KeptState.After(3), KeptState.After(4), KeptState.After(6)];
        Run(path, TrainingScope.Full, folder.File("whole"), rewind: rewind, keep: keep, policy: policy);
        using CancellationTokenSource cancel = new();
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("cut"), rewind: rewind, keep: keep, policy: policy,
            heard: new Heard(cancelledAt, cancel), cancel: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("cut"), keep: keep, policy: policy),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("the run was begun with rewind = sha256:"));
        Run(path, TrainingScope.Full, folder.File("cut"), rewind: rewind, keep: keep, policy: policy);
        foreach (string name in (string[])["model.safetensors", "training.json", "state-3/state.safetensors", "state-3/model.safetensors",
            "state-4/state.safetensors", "state-6/state.safetensors", "state-6/config.json"])
            Assert.That(File.ReadAllBytes(folder.File($"cut/{name}")), Is.EqualTo(File.ReadAllBytes(folder.File($"whole/{name}"))), name);
        Assert.That(File.ReadAllLines(folder.File("cut/metrics.jsonl")), Has.Length.EqualTo(8));
    }

    [Test]
    public void A_mask_is_rewound_to_the_values_of_the_state_and_zero_outside()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        Run(path, TrainingScope.Full, folder.File("first"), keep: [KeptState.After(3)]);
        Run(path, TrainingScope.Full, folder.File("ticket"), rewind: RewindPoint.State(folder.File("first/state-3")),
            keep: [KeptState.After(3)], policy: new ZeroOutside(TinyModels.Mask));
        using SafetensorsFile dense = SafetensorsFile.Open(folder.File("first/state-3/state.safetensors")),
            ticket = SafetensorsFile.Open(folder.File("ticket/state-3/state.safetensors"));
        foreach (Tensor tensor in dense.Tensors)
        {
            string name = tensor.Name.Split(".exp_avg")[0];
            IndexSet kept = TinyModels.Mask.Find(name)?.ToElements().Units ?? IndexSet.All(tensor.ElementCount);
            float[] was = Values(tensor), @is = Values(ticket.GetTensor(tensor.Name));
            Assert.That(@is, Is.EqualTo(was.Select((value, i) => kept.Contains(i) ? value : 0)), tensor.Name);
        }

        static float[] Values(Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal
            .Cast<byte, float>(tensor.GetBytes(0, (int)tensor.ByteLength, new byte[tensor.ByteLength])).ToArray();
    }

    [Test]
    public void Weights_that_are_drawn_anew_are_those_of_a_new_model_and_the_data_keep_their_order()
    {
        using TemporaryFolder folder = new();
        LlamaConfig config = TinyModels.Config();
        TextSequences text = new(Sequences, []);
        Pretrain(7, null, "seven");
        Pretrain(5, null, "five");
        Pretrain(5, RewindPoint.Drawn(7), "drawn");
        byte[] seven = Model("seven/state-0"), five = Model("five/state-0"), drawn = Model("drawn/state-0");
        Assert.That(drawn, Is.EqualTo(seven));
        Assert.That(drawn, Is.Not.EqualTo(five));
        Assert.That(Model("drawn"), Is.Not.EqualTo(Model("seven")), "the data come in the order of the other seed");
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.BF16, isSharded: false);
        Run(path, TrainingScope.Full, folder.File("tuned"), rewind: RewindPoint.Parse("random:7"), keep: [KeptState.After(0)]);
        using Checkpoint tuned = Checkpoint.Open(folder.File("tuned/state-0")), made = Checkpoint.Open(folder.File("seven/state-0"));
        foreach (Tensor tensor in made.Tensors)
            Assert.That(Fingerprint.OfTensor(tuned.GetTensor(tensor.Name)), Is.EqualTo(Fingerprint.OfTensor(tensor)), tensor.Name);

        byte[] Model(string name) => File.ReadAllBytes(folder.File($"{name}/model.safetensors"));

        void Pretrain(ulong seed, RewindPoint? rewind, string name)
        {
            using CpuOperations operations = new(1);
            using PretrainingRun run = new(config, text, operations, new()
            {
                Plan = Plan with { Seed = seed },
                Out = folder.File(name),
                Rewind = rewind,
                KeepStates = [KeptState.After(0)],
            });
            run.Run();
        }
    }

    [Test]
    public void A_state_that_does_not_fit_is_refused_and_another_seed_is_said()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: false);
        Run(path, TrainingScope.Full, folder.File("first"), keep: [KeptState.After(3)]);
        RewindPoint state = RewindPoint.State(folder.File("first/state-3"));
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("out"), Plan with { Steps = 3 }, rewind: state),
            Throws.ArgumentException.With.Message.Contains("the state is of step 3, and the training has 3 steps"));
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("out"), rewind: state, keep: [KeptState.After(2)]),
            Throws.ArgumentException.With.Message.Contains("the training goes from step 3 to 10"));
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("out"), rewind: RewindPoint.State(path)),
            Throws.TypeOf<FileNotFoundException>().With.Message.Contains("there is no state.safetensors in this folder"));
        Assert.That(() => Run(path, TinyModels.Rows(1), folder.File("out"), rewind: RewindPoint.Drawn(1)),
            Throws.ArgumentException.With.Message.Contains("all weights are drawn anew, and the scope is ticket"));
        Assert.That(() => Run(path, TrainingScope.Full, folder.File("rms"), Plan with { Optimizer = OptimizerKind.RmsProp }, rewind: state),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("square_avg").And.Message
                .Contains("of a training with scope full and optimizer adamw. Take a state"));
        Assert.That(() => Run(path, TrainingScope.LowRank(1, seed: 1), folder.File("lora"), rewind: state),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("Take a state of a training of the same scope"));
        IReadOnlyList<string> notes = Run(path, TrainingScope.Full, folder.File("other"), Plan with { Seed = 7 }, rewind: state);
        Assert.That(notes, Is.EqualTo(new[] { "the state at step 3 is of a training with other settings: seed (42 there, 7 here)" }));
        TrainingPlan far = Plan with
        {
            Seed = 7,
            Steps = 11,
            BatchSize = 2,
            LearningRate = 1e-4,
            Warmup = 0.2,
            FinalRate = 0.3,
            Beta1 = 0.8,
            WeightDecay = 0.3,
            MicroBatchRows = 99
        };
        Assert.That(Run(path, TrainingScope.Full, folder.File("far"), far, rewind: state).Single(),
            Does.Contain("steps (10 there, 11 here), batch (").And.EndsWith(", 3 more"), "one sentence, however much differs");
    }

    [Test]
    public void The_head_of_a_state_is_not_left_behind_by_a_tied_model()
    {
        using TemporaryFolder folder = new();
        Pretrain(TinyModels.Config() with { IsTied = false }, null, "untied");
        Assert.That(() => Pretrain(TinyModels.Config() with { IsTied = true }, RewindPoint.State(folder.File("untied/state-0")), "tied"),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("the state has lm_head.weight"));

        void Pretrain(LlamaConfig config, RewindPoint? rewind, string name)
        {
            using CpuOperations operations = new(1);
            using PretrainingRun run = new(config, new(Sequences, []), operations,
                new() { Plan = Plan, Out = folder.File(name), Rewind = rewind, KeepStates = rewind is null ? [KeptState.After(0)] : [] });
            run.Run();
        }
    }

    [TestCase("12", 12), TestCase("0", 0), TestCase("1%", 10), TestCase("0.1%", 1), TestCase("0.19%", 1), TestCase("100%", 1000)]
    public void Parts_of_a_training_are_rounded_down(string text, long step) =>
        Assert.That(KeptState.Parse(text).StepOf(1000), Is.EqualTo(step));

    [Test]
    public void Moments_of_a_training_and_seeds_are_numbers()
    {
        Assert.That(() => KeptState.Parse("-1"), Throws.TypeOf<FormatException>());
        Assert.That(() => KeptState.Parse("x%"), Throws.TypeOf<FormatException>());
        Assert.That(() => RewindPoint.Parse("random:x"), Throws.TypeOf<FormatException>());
        Assert.That(RewindPoint.Parse("run/state-3").ToString(), Is.EqualTo("run/state-3"));
    }

    private static IReadOnlyList<string> Run(string path, TrainingScope scope, string output, TrainingPlan? plan = null,
        RewindPoint? rewind = null, KeptState[]? keep = null, MaskPolicy? policy = null, IProgress<TrainingProgress>? heard = null,
        CancellationToken cancel = default)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(1);
        using TuningRun run = new(baseModel, scope, Sequences[..9], Sequences[9..], operations, new()
        {
            Plan = plan ?? Plan,
            Out = output,
            Resume = true,
            SaveEvery = TimeSpan.FromHours(1),
            Rewind = rewind,
            KeepStates = keep ?? [],
            Policy = policy,
        }, CancellationToken.None);
        run.Run(heard, cancel);
        return run.Notes;
    }

    private sealed class Heard(int step, CancellationTokenSource cancel) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step.Step == step) cancel.Cancel();
        }
    }
}
