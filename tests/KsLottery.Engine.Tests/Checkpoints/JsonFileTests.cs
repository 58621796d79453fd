using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Training;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

public sealed class JsonFileTests
{
    [Test]
    public void A_byte_order_mark_changes_nothing_before_any_json_of_a_model()
    {
        using TemporaryFolder folder = new();
        string path = TrainedCheckpointTests.MakeBase(folder, ElementType.F32, isSharded: true);
        LlamaConfig config = LlamaConfig.Load(path);
        int tensors = Count();
        foreach (string file in Directory.EnumerateFiles(path, "*.json")) Mark(file);
        Assert.That(LlamaConfig.Load(path).ParameterCount, Is.EqualTo(config.ParameterCount));
        Assert.That(Count(), Is.EqualTo(tensors));

        // A run reads its own file when it goes on, and writes the base's configuration and index anew.
        using Checkpoint baseModel = Checkpoint.Open(path);
        using CpuOperations operations = new(1);
        TuningOptions options = new()
        {
            Plan = new() { Steps = 2, BatchSize = 1, LearningRate = 1e-3 },
            Out = folder.File("out"),
            KeepFinished = true
        };
        for (int i = 0; i < 2; i++)
        {
            using TuningRun run = new(baseModel, TrainingScope.Embedding, [new(new[] { 1, 2, 3 }, 1)], [], operations, options);
            Assert.That(run.Run().StepCount, Is.EqualTo(2));
            if (i == 0) Mark(folder.File("out/training.json"));
            if (i == 0) Mark(folder.File("out/metrics.jsonl"));
        }

        int Count()
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            return checkpoint.Tensors.Count();
        }
    }

    [Test]
    public void The_bytes_behind_a_mark_are_the_file()
    {
        Assert.That(JsonFile.WithoutMark([0xEF, 0xBB, 0xBF, (byte)'{']).ToArray(), Is.EqualTo("{"u8.ToArray()));
        Assert.That(JsonFile.WithoutMark([0xEF, 0xBB]).Length, Is.EqualTo(2));
    }

    private static void Mark(string file) => File.WriteAllBytes(file, [0xEF, 0xBB, 0xBF, .. File.ReadAllBytes(file)]);
}
