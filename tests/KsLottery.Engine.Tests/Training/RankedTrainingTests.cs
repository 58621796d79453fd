using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Tests.Models;
using KsLottery.Engine.Tests.Ranks;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>Trainings that several processes share.</summary>
public sealed class RankedTrainingTests
{
    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 15)
            .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    /// <summary>Five micro-batches or six a step.</summary>
    private static readonly TrainingPlan Plan = new()
    {
        Steps = 5,
        BatchSize = 9,
        MicroBatchRows = 12,
        LearningRate = 1e-2,
        EvaluateEvery = 2,
        Regrowth = new() { Every = 3, Accumulated = 2 },
    };

    private TemporaryFolder _folder = null!;
    private string _base = "";

    [SetUp]
    public void MakeBase()
    {
        _folder = new();
        _base = TrainedCheckpointTests.MakeBase(_folder, ElementType.BF16, isSharded: false);
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Any_number_of_ranks_ends_with_the_bytes_of_one([Range(0, 6)] int scope)
    {
        TuningOptions options = Options() with
        {
            KeepTypes = true,
            KeepStates = [KeptState.After(3)],
            SaveEvery = TimeSpan.Zero,
            Policy = scope == 6 ? new StraightThrough(ModelPruning.KeptOf(new(0.5m))) { Every = 2, Decay = 1e-2 } : null,
        };
        Run(1, scope, "1", options);
        for (int ranks = 2; ranks <= 5; ranks++)
        {
            TrainingSummary[] all = Run(ranks, scope, $"{ranks}", options);
            AssertSame($"{ranks}");
            foreach (TrainingSummary one in all)
                Assert.That((one.ToString(), one.FrozenFingerprint, one.EvalLossAfter, one.Traffic),
                    Is.EqualTo((all[0].ToString(), all[0].FrozenFingerprint, all[0].EvalLossAfter, all[0].Traffic)), "all ranks know");
        }
    }

    [Test]
    public void A_run_that_one_rank_ended_goes_on_with_another_number_of_ranks([Values(0, 2, 5)] int scope, [Values(0, 3)] int stopAt)
    {
        Run(1, scope, "1", Options());
        using CancellationTokenSource cancel = new();
        InvalidOperationException? fault = Assert.Throws<InvalidOperationException>(() => Run(3, scope, "3", Options(),
            heard: new Heard(stopAt, cancel.Cancel), cancel: rank => rank == 1 ? cancel.Token : default));
        Assert.That(fault!.InnerException, Is.TypeOf<OperationCanceledException>().With.Message.EqualTo("rank 1 was told to stop."));
        if (stopAt > 0)
            Assert.That(File.Exists(_folder.File("3/state.safetensors")), Is.True, "the first saved what all had come to");
        TrainingSummary[] rest = Run(2, scope, "3", Options() with { Resume = true });
        AssertSame("3");
        Assert.That(rest[1].Traffic, Is.EqualTo(rest[0].Traffic));
        // The rank that was told may have been within the next step already.
        Assert.That((int)rest[0].Traffic!.Steps, Is.InRange((int)Plan.Steps! - stopAt - 1, (int)Plan.Steps! - stopAt));
    }

    [Test]
    public void Further_terms_of_the_loss_end_with_the_bytes_of_one()
    {
        TrainingPlan plan = Plan with
        {
            L2ToBase = 2,
            MaxGradientNorm = 0.5,
            Objective = new() { CrossEntropy = 0.33, Distillation = 0.67, TokenWeights = new([KeyValuePair.Create(3, 4.0)]) },
        };
        using Checkpoint teacher = Checkpoint.Open(_base);
        Run(1, 4, "1", Options() with { Plan = plan, Teacher = teacher });
        Run(3, 4, "3", Options() with { Plan = plan, Teacher = teacher });
        AssertSame("3");
    }

    /// <summary>Of P values, two rows of eight, each of three ranks hands on one sum.</summary>
    [Test]
    public void A_ticket_sends_its_rows_and_not_the_model()
    {
        const int Values = 2 * 8, Ranks = 3, Blocks = 3;
        TrainingPlan plan = Plan with { BatchSize = 3, MicroBatchRows = 7 };
        TrainingSummary summary = Run(Ranks, 2, "3", Options() with { Plan = plan })[0];
        long gradients = sizeof(float) * ((Blocks * Values) - Values + (Values * (Ranks - 1))), losses = 2 * Ranks * (Ranks - 1)
            * sizeof(double);
        Assert.That(summary.Traffic, Is.EqualTo(new RankTraffic(Ranks, Plan.Steps!.Value, Plan.Steps!.Value * (gradients + losses))));
        Assert.That(summary.Traffic!.BytesPerStep, Is.EqualTo(gradients + losses));
    }

    [Test]
    public void Ranks_without_work_are_told()
    {
        TrainingPlan plan = Plan with { BatchSize = 3, MicroBatchRows = 7 };
        IReadOnlyList<string>[] notes = ThreadRanks.Run(5, ranks =>
        {
            using Checkpoint baseModel = Checkpoint.Open(_base);
            using CpuOperations operations = new(1);
            using TuningRun run = new(baseModel, TrainingScope.Embedding, Sequences, [], operations,
                Options() with { Out = _folder.File("out"), Plan = plan, Ranks = ranks });
            return run.Notes;
        });
        Assert.That(notes[0], Is.EqualTo(new[]
        {
            "a step has 3 micro-batches of up to 7 rows, fewer than the 5 ranks: 2 of them stay idle",
        }));
    }

    [Test]
    public void Ranks_with_other_data_are_refused_by_both_values()
    {
        Exception fault = Refuse(() => Run(3, 0, "out", Options(), training: rank => Sequences[..(rank == 2 ? 11 : 12)]));
        Assert.That(fault, Is.TypeOf<RanksDifferException>().With.Message.Match(
            "^samples differs between ranks: rank 0 has 12 sha256:[0-9a-f]{64}, rank 2 has 11 sha256:[0-9a-f]{64}[.]"));
    }

    [Test]
    public void Ranks_whose_devices_round_otherwise_are_refused()
    {
        Exception fault = Refuse(() => Run(2, 0, "out", Options(), operations: rank => rank == 0 ? new CpuOperations(1)
            : new ReferenceOperations()));
        Assert.That(fault, Is.TypeOf<DeviceUnavailableException>().With.Message.EqualTo("device 'reference': rank 1 computes another "
            + "gradient of the same micro-batch than rank 0 on cpu. Train on devices of one kind on all ranks, or by one process."));
    }

    [Test]
    public void A_gradient_larger_than_its_buffers_is_added_in_rounds([Values(60, 5000)] int buffer, [Values(2, 5)] int ranks)
    {
        MicroBatchDeal deal = new(7, ranks);
        SplitMix64 random = new(5);
        float[][] blocks = [.. deal.Blocks.Select(_ => (float[])[.. Enumerable.Range(0, 900).Select(_ => (float)random.NextNormal())])];
        float[][] sums = [.. blocks.Select(block => block.ToArray())];
        foreach ((int into, int from) in deal.Joins) for (int i = 0; i < 900; i++) sums[into][i] += sums[from][i];
        float[][] found = ThreadRanks.Run(ranks, group =>
        {
            using CpuOperations operations = new(1);
            using Weight first = new("a", 20, 20, operations.Allocate(400), operations.Allocate(400)),
                second = new("b", 1, 500, operations.Allocate(500), operations.Allocate(500));
            int before = Enumerable.Range(0, group.Rank).Sum(rank => deal.Of(rank).Count);
            using GradientExchange exchange = new([first, second], operations, group, buffer);
            List<DeviceMemory> own = [];
            foreach (float[] block in blocks.AsSpan(before, deal.Of(group.Rank).Count))
                foreach (float[] part in (float[][])[block[..400], block[400..]])
                {
                    own.Add(operations.Allocate(part.Length));
                    operations.Upload(own[^1], part);
                }
            exchange.Sum(deal, [.. own.Chunk(2).Select(pair => (DeviceSpan[])[pair[0], pair[1]])]);
            own.ForEach(memory => memory.Dispose());
            return (float[])[.. TestDevices.Download(operations, first.Gradient), .. TestDevices.Download(operations, second.Gradient)];
        });
        foreach (float[] one in found) Assert.That(one, Is.EqualTo(sums[0]));
    }

    [Test]
    public void A_model_from_the_beginning_ends_with_the_bytes_of_one()
    {
        TextSequences data = new(Sequences[..12], Sequences[12..]);
        foreach (int ranks in (int[])[1, 2, 5])
            ThreadRanks.Run(ranks, group =>
            {
                using CpuOperations operations = new(1);
                using PretrainingRun run = new(TinyModels.Config(isTied: true), data, operations,
                    new() { Plan = Plan, Out = _folder.File($"{ranks}"), Ranks = group, KeepStates = [KeptState.After(2)] });
                return run.Run();
            });
        AssertSame("2");
        AssertSame("5");
    }

    private Exception Refuse(Action run)
    {
        InvalidOperationException? fault = Assert.Throws<InvalidOperationException>(() => run());
        Assert.That(Directory.Exists(_folder.File("out")), Is.False, "nothing was begun");
        return fault!.InnerException!;
    }

    private TrainingSummary[] Run(int ranks, int scope, string output, TuningOptions options, Func<int, IOperations>? operations = null,
        Func<int, IReadOnlyList<TokenSequence>>? training = null, IProgress<TrainingProgress>? heard = null,
        Func<int, CancellationToken>? cancel = null) => ThreadRanks.Run(ranks, group =>
        {
            using Checkpoint baseModel = Checkpoint.Open(_base);
            using IOperations own = operations?.Invoke(group.Rank) ?? new CpuOperations(1 + (group.Rank % 2));
            using TuningRun run = new(baseModel, ScopeOf(scope, baseModel), training?.Invoke(group.Rank) ?? Sequences[..12],
                Sequences[12..], own, options with { Out = _folder.File(output), Ranks = ranks == 1 ? RankGroup.Alone : group });
            return run.Run(heard, cancel?.Invoke(group.Rank) ?? default);
        });

    private static TrainingScope ScopeOf(int scope, Checkpoint baseModel) => scope switch
    {
        0 or 6 => TrainingScope.Full,
        1 => TrainingScope.Embedding,
        2 => TinyModels.Rows(1, 7),
        3 => TrainingScope.LowRank(2, seed: 3),
        4 => TrainingScope.Mask(TinyModels.Mask),
        _ => TrainingScope.Regrown(TensorChoice.Parse("*.mlp.*,*.self_attn.*").In(baseModel), 40, seed: 3),
    };

    private static TuningOptions Options() => new() { Plan = Plan, Out = "" };

    /// <summary>Every file is that of one process, but for the speed.</summary>
    private void AssertSame(string output)
    {
        string[] names = Names("1");
        Assert.That(Names(output), Is.EqualTo(names));
        foreach (string name in names.Where(n => n != MetricsWriter.FileName))
            Assert.That(File.ReadAllBytes(_folder.File($"{output}/{name}")), Is.EqualTo(File.ReadAllBytes(_folder.File($"1/{name}"))),
                $"{name} of {output}");
        Assert.That(Metrics(output), Is.EqualTo(Metrics("1")));

        string[] Names(string run) => [.. Directory.EnumerateFiles(_folder.File(run), "*", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(_folder.File(run), p)).Order(StringComparer.Ordinal)];
        StepMetrics[] Metrics(string run) =>
            [.. MetricsFile.Read(_folder.File($"{run}/{MetricsWriter.FileName}")).Select(step => step with { TokensPerSecond = null })];
    }

    private sealed class Heard(long step, Action act) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step.Step == step) act();
        }
    }
}
