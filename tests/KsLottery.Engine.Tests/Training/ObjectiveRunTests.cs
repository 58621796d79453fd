using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

/// <summary>Runs whose loss has several terms.</summary>
public sealed class ObjectiveRunTests
{
    private static readonly TokenSequence[] Sequences = [.. Enumerable.Range(0, 8)
        .Select(s => new TokenSequence(Enumerable.Range(0, 5 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    /// <summary>Micro-batches are small, so that there are several a step.</summary>
    private static readonly TrainingPlan Plan = new()
    {
        Steps = 5,
        BatchSize = 4,
        MicroBatchRows = 8,
        LearningRate = 1e-2,
        L2ToBase = 2,
        Objective = new()
        {
            CrossEntropy = 0.33,
            Distillation = 0.67,
            Temperature = 2,
            TokenWeights = new([KeyValuePair.Create(3, 4.0), KeyValuePair.Create(7, 0.5)]),
        },
    };

    private TemporaryFolder _folder = null!;
    private string _base = "", _teacher = "";

    [SetUp]
    public void MakeModels()
    {
        _folder = new();
        _base = TrainedCheckpointTests.MakeBase(_folder, ElementType.BF16, isSharded: true);
        TrainingRun(_base, TrainingScope.Full, _folder.File("teacher"), new() { Steps = 6, BatchSize = 4, LearningRate = 3e-2 });
        _teacher = _folder.File("teacher");
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Threads_and_a_break_leave_the_bytes_as_they_are()
    {
        string[] runs = ["one", "three", "broken"];
        TrainingRun(_base, TrainingScope.Full, _folder.File("one"), Plan, _teacher);
        TrainingRun(_base, TrainingScope.Full, _folder.File("three"), Plan, _teacher, threads: 3);
        using CancellationTokenSource cancel = new();
        Assert.That(() => TrainingRun(_base, TrainingScope.Full, _folder.File("broken"), Plan, _teacher, cancel: cancel, stopAt: 2),
            Throws.InstanceOf<OperationCanceledException>());
        TrainingRun(_base, TrainingScope.Full, _folder.File("broken"), Plan, _teacher, resume: true);
        foreach (string name in Directory.EnumerateFiles(_folder.File("one")).Select(p => Path.GetFileName(p)).Where(n =>
            n != "metrics.jsonl"))
            Assert.That(runs.Select(r => Convert.ToHexString(File.ReadAllBytes(_folder.File($"{r}/{name}")))).Distinct().Count(), Is
                .EqualTo(1), name);
        string settings = File.ReadAllText(_folder.File("one/training.json"));
        Assert.That(settings, Does.Contain("\"distill\": \"0.67\"").And.Contain("\"temperature\": \"2\"")
            .And.Contain("\"cross-entropy\": \"0.33\"").And.Contain("\"l2-to-base\": \"2\"").And.Match("\"teacher\": \"sha256:")
            .And.Match("\"token-weights\": \"sha256:"));
    }

    /// <summary>A teacher that is the model itself says nothing new: the loss is 0 and no weight moves.</summary>
    [Test]
    public void A_model_learns_nothing_from_itself_and_something_from_another([Values(0, 1)] int scope)
    {
        TrainingScope own = scope == 0 ? TrainingScope.Full : TrainingScope.Mask(TinyModels.Mask);
        TrainingPlan plan = Plan with { L2ToBase = 0, Objective = new() { CrossEntropy = 0, Distillation = 1, Temperature = 1.5 } };
        TrainingSummary self = TrainingRun(_base, own, _folder.File("self"), plan, _base),
            other = TrainingRun(_base, own, _folder.File("other"), plan, _teacher);
        Assert.That((self.FirstLoss!.Value, self.LastLoss!.Value), Is.EqualTo((0.0, 0.0)).Within(1e-9));
        Assert.That(other.LastLoss!.Value, Is.LessThan(other.FirstLoss!.Value), "nearer to the teacher");
    }

    [Test]
    public void A_teacher_with_other_tokens_or_without_numbers_is_refused_by_its_name()
    {
        File.Copy(SharedData.Path("tokenizers", "tok512", "tok512.model"), Path.Combine(_base, "tokenizer.model"));
        File.Copy(SharedData.Path("tokenizers", "tok4096", "tok4096.model"), Path.Combine(_teacher, "tokenizer.model"));
        Assert.That(() => TrainingRun(_base, TrainingScope.Full, _folder.File("out"), Plan, _teacher),
            Throws.ArgumentException.With.Message.Match("teacher: the teacher's token [0-9]+ is .*, the model's .* with the same tokens"));
        File.Copy(Path.Combine(_base, "tokenizer.model"), Path.Combine(_teacher, "tokenizer.model"), overwrite: true);
        string weights = Path.Combine(_teacher, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes.AsSpan(bytes.Length - 4).Fill(0xFF);
        File.WriteAllBytes(weights, bytes);
        Assert.That(() => TrainingRun(_base, TrainingScope.Full, _folder.File("nan"), Plan, _teacher),
            Throws.InstanceOf<InvalidDataException>().Or.InstanceOf<CheckpointFormatException>().With.Message.Contains(_teacher));
    }

    [Test]
    public void Data_of_which_nothing_counts_are_refused()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_base);
        int size = LlamaConfig.Load(checkpoint).VocabularySize;
        TrainingPlan plan = Plan with
        {
            Objective = new() { TokenWeights = new(Enumerable.Range(0, size).Select(id => KeyValuePair.Create(id, 0.0))) },
        };
        Assert.That(() => TrainingRun(_base, TrainingScope.Full, _folder.File("none"), plan),
            Throws.ArgumentException.With.Message.Contains("every target of the data has the token weight 0"));
    }

    [Test]
    public void The_summary_says_what_was_spent()
    {
        TrainingPlan plan = Plan with { Steps = 3, L2ToBase = 0, Objective = new() };
        TrainingSummary plain = TrainingRun(_base, TrainingScope.Full, _folder.File("plain"), plan),
            taught = TrainingRun(_base, TrainingScope.Full, _folder.File("taught"),
                plan with { Objective = new() { Distillation = 1 } }, _teacher);
        using Checkpoint checkpoint = Checkpoint.Open(_base);
        LlamaConfig config = LlamaConfig.Load(checkpoint);
        // Two steps are an epoch, the third sees four of the sequences again.
        BatchSchedule batches = new(Sequences, plan.BatchSize, plan.MicroBatchRows, plan.Seed);
        TokenSequence[] seen = [.. Sequences, .. batches.GetSequences(2)];
        Assert.That(seen, Has.Length.EqualTo(12));
        TrainingCost expected = TrainingCost.OfPass(config, seen, TrainingScope.Full), teacher = TrainingCost.OfTeacher(config, seen);
        Assert.That((plain.Cost.Tokens, plain.Cost.Flops), Is.EqualTo((expected.Tokens, expected.Flops)));
        Assert.That(batches.GetStep(2).Sum(b => b.RowCount) + Sequences.Sum(s => s.RowCount), Is.EqualTo(plain.Cost.Tokens));
        Assert.That(taught.Cost, Is.EqualTo(expected + teacher));
        Assert.That(teacher.Flops, Is.InRange(0.3 * expected.Flops, 0.35 * expected.Flops), "a third of a step is its forward pass");
        Assert.That(File.ReadAllText(_folder.File("plain/training.json")), Does.Contain("\"flops\": "));
    }

    [Test]
    public void Weights_of_tokens_are_read_by_id_and_by_name_and_what_is_none_is_named()
    {
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("tokenizers", "tok512", "tok512.model"));
        int id = Enumerable.Range(300, 200).First(i => tokenizer.Names.Piece(i).Length > 2);
        string piece = tokenizer.Names.Piece(id), path = _folder.File("weights.tsv");
        File.WriteAllText(path, $"{piece}\t2.5\n\n7\t0\n");
        float[] weights = TokenWeights.Read(path, tokenizer, 512).ToArray(512);
        Assert.That((weights[id], weights[7], weights[8], weights.Length), Is.EqualTo((2.5f, 0f, 1f, 512)));
        foreach ((string text, string says) in ((string, string)[])[("7 2\n", "line 1: this is no token, a tab"), ("7\t-1\n",
            "'-1' is no weight"),
            ("7\t1\n\n7\t2\n", "line 3: token 7 is there twice"), ("512\t1\n", "0 to 511"), ("no such\t1\n", "\"no such\""), ("\n",
                "no weight in it"),
            ("7\t0,5\n", "Decimals begin with a point")])
        {
            File.WriteAllText(path, text);
            Assert.That(() => TokenWeights.Read(path, tokenizer, 512), Throws.TypeOf<InvalidDataException>().With.Message.Contains(says)
                .And.Message.StartsWith(path));
        }
        Assert.That(() => new TokenWeights([KeyValuePair.Create(1, double.NaN)]), Throws.ArgumentException);
    }

    private static TrainingSummary TrainingRun(string path, TrainingScope scope, string output, TrainingPlan plan, string? teacher = null,
        int threads = 1, bool resume = false, CancellationTokenSource? cancel = null, int stopAt = -1)
    {
        using Checkpoint baseModel = Checkpoint.Open(path);
        using Checkpoint? taught = teacher is null ? null : Checkpoint.Open(teacher);
        using CpuOperations operations = new(threads);
        using TuningRun run = new(baseModel, scope, Sequences, [], operations, new()
        {
            Plan = plan,
            Out = output,
            Resume = resume,
            Teacher = taught,
        });
        return run.Run(new Heard(step =>
        {
            if (step == stopAt) cancel!.Cancel();
        }), cancel?.Token ?? default);
    }

    private sealed class Heard(Action<long> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value.Step.Step);
    }
}
