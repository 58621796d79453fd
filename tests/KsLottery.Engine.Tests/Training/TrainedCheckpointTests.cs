using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

[TestFixture]
public class TrainedCheckpointTests
{
    private const string Embedding = "model.embed_tokens.weight", Head = "lm_head.weight";
    private const string FirstShard = "model-00001-of-00002.safetensors", SecondShard = "model-00002-of-00002.safetensors";

    [Test]
    public void A_sharded_base_keeps_its_shards_its_index_and_every_byte_that_did_not_learn([Values] bool keepTypes)
    {
        using TemporaryFolder folder = new();
        string path = MakeBase(folder, ElementType.BF16, isSharded: true);
        using Checkpoint baseModel = Checkpoint.Open(path);
        (TrainedFiles files, float[] trained) = Train(baseModel, TrainingScope.Embedding, folder.File("out"), keepTypes);
        Assert.That(files.Names[^1], Is.EqualTo("model.safetensors.index.json"), "the model can be found only once all of it is there");
        Assert.That(File.ReadAllBytes(folder.File($"out/{SecondShard}")), Is.EqualTo(File.ReadAllBytes(Path.Combine(path, SecondShard))));
        Assert.That(files.InexactValues > 0, Is.EqualTo(keepTypes));

        using Checkpoint after = Checkpoint.Open(folder.File("out"));
        Tensor embedding = after.GetTensor(Embedding);
        Assert.That(embedding.ElementType, Is.EqualTo(keepTypes ? ElementType.BF16 : ElementType.F32));
        float[] stored = Enumerable.Range(0, 11).SelectMany(row => keepTypes
            ? embedding.GetRow<ushort>(row).ToArray().Select(HalfPrecision.FromBFloat16) : embedding.GetRow<float>(row).ToArray())
            .ToArray();
        Assert.That(stored, Is.EqualTo(trained).Within(keepTypes ? 0.4 : 0).Percent);
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(folder.File("out/model.safetensors.index.json")));
        Assert.That(index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64(),
            Is.EqualTo(after.Tensors.Sum(t => t.ByteLength)));
        Assert.That(File.ReadAllText(folder.File("out/config.json")), Is.EqualTo(File.ReadAllText(Path.Combine(path, "config.json"))),
            "layers are BF16 still");
    }

    [Test]
    public void A_config_says_float32_once_all_weights_are()
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(MakeBase(folder, ElementType.BF16, isSharded: false));
        Train(baseModel, TrainingScope.Full, folder.File("out"), keepTypes: false);
        Assert.That(File.ReadAllText(folder.File("out/config.json")).Replace("float32", "bfloat16", StringComparison.Ordinal)
            .Where(c => !char.IsWhiteSpace(c)),
            Is.EqualTo(File.ReadAllText(Path.Combine(baseModel.Path, "config.json")).Where(c => !char.IsWhiteSpace(c))));
        using (Checkpoint after = Checkpoint.Open(folder.File("out")))
            Assert.That(after.Tensors.Select(t => t.ElementType), Is.All.EqualTo(ElementType.F32));
        Train(baseModel, TrainingScope.Full, folder.File("out"), keepTypes: false);
        Assert.That(Directory.GetFiles(folder.File("out")), Has.Length.EqualTo(2), "an earlier try is written over");
    }

    [Test]
    public void A_tied_embedding_that_the_file_names_twice_is_written_twice()
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(MakeBase(folder, ElementType.F32, isSharded: false, isTied: true));
        Train(baseModel, TrainingScope.Embedding, folder.File("out"), keepTypes: false);
        using Checkpoint after = Checkpoint.Open(folder.File("out"));
        Assert.That(after.GetTensor(Head).GetRow<float>(3).ToArray(), Is.EqualTo(after.GetTensor(Embedding).GetRow<float>(3).ToArray())
            .And.Not.EqualTo(baseModel.GetTensor(Head).GetRow<float>(3).ToArray()));
    }

    [Test]
    public void Trained_rows_make_the_patch_that_the_whole_tuned_matrix_would_make(
        [Values(ElementType.F32, ElementType.BF16, ElementType.F16)] ElementType type)
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(MakeBase(folder, type, isSharded: false));
        Tensor before = baseModel.GetTensor(Embedding);
        int[] rows = [0, 4, 10];
        float[] values = [.. Enumerable.Range(0, rows.Length * 8).Select(i => i / 7f)];
        PatchOrigin origin = new() { Signature = "rows:list|k:3", IsTied = false };
        PatchSource trained = PatchSource.OfRows(before, IndexSet.Of(11, rows)) with { Values = values };
        TicketPatch.Write(folder.File("rows.safetensors"), [trained], origin);

        byte[] tuned = Widened(before);
        for (int i = 0; i < rows.Length; i++)
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan(i * 8, 8)).CopyTo(tuned.AsSpan(rows[i] * 32));
        SafetensorsWriter.Write(folder.File("tuned.safetensors"),
            [TensorSource.FromBytes(Embedding, ElementType.F32, before.Shape, tuned)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("tuned.safetensors"));
        TicketPatch.Write(folder.File("whole.safetensors"), [trained with { Values = null, Tuned = file.GetTensor(Embedding) }], origin);
        Assert.That(File.ReadAllBytes(folder.File("rows.safetensors")), Is.EqualTo(File.ReadAllBytes(folder.File("whole.safetensors"))));
        Assert.That(() => TicketPatch.Write(folder.File("x"), [trained with { Values = values.AsMemory(1) }], origin),
            Throws.ArgumentException.With.Message.Contains("23 are given"));
    }

    [Test]
    public void The_frozen_part_is_known_by_its_own_bytes_alone()
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(MakeBase(folder, ElementType.F32, isSharded: false));
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(baseModel, LlamaConfig.Load(baseModel.Path), operations);
        weights.MakeTrainable(TinyModels.Rows(2, 3, 10));
        LearnedPart part = new(weights, baseModel);
        string frozen = part.FingerprintOfFrozen(baseModel, default), learned = part.FingerprintOfLearned(baseModel, default);
        foreach ((long row, bool learns) in ((long, bool)[])[(0, false), (2, true), (3, true), (4, false), (9, false), (10, true)])
        {
            byte[] bytes = File.ReadAllBytes(baseModel.Shards[0].Path);
            bytes[baseModel.GetTensor(Embedding).FileOffset + (row * 32) + 7] ^= 1;
            string other = Directory.CreateDirectory(folder.File($"row{row}")).FullName;
            File.WriteAllBytes(Path.Combine(other, "model.safetensors"), bytes);
            using Checkpoint changed = Checkpoint.Open(other);
            Assert.That((part.FingerprintOfFrozen(changed, default) == frozen, part.FingerprintOfLearned(changed, default) == learned),
                Is.EqualTo((learns, !learns)), $"row {row}");
        }
    }

    private static (TrainedFiles Files, float[] Values) Train(Checkpoint baseModel, TrainingScope scope, string output, bool keepTypes)
    {
        Directory.CreateDirectory(output);
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(baseModel, LlamaConfig.Load(baseModel.Path), operations);
        weights.MakeTrainable(scope);
        float[] values = [.. Enumerable.Range(0, (int)weights.TokenEmbedding.Value.Length).Select(i => 1 + (i / 700f))];
        operations.Upload(weights.TokenEmbedding.Value, values);
        return (TrainedCheckpoint.Write(baseModel, weights, operations, output, keepTypes), values);
    }

    internal static string MakeBase(TemporaryFolder folder, ElementType type, bool isSharded, bool isTied = false) =>
        MakeBase(folder, TinyModels.Config(isTied), type, isSharded);

    internal static string MakeBase(TemporaryFolder folder, LlamaConfig config, ElementType type, bool isSharded)
    {
        string path = Directory.CreateDirectory(folder.File("base")).FullName;
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Random(config, operations, 3);
        List<TensorSource> tensors =
            [.. weights.All
                .Select(w => new DeviceValues(operations).Source(w.Name, w.IsVector ? [w.Columns] : [w.Rows, w.Columns], w.Value, type))];
        if (config.IsTied)
            tensors.Add(new DeviceValues(operations)
                .Source(Head, [config.VocabularySize, config.Width], weights.TokenEmbedding.Value, type));
        AtomicFile.Write(Path.Combine(path, "config.json"), stream => config.WriteTo(stream, type));
        if (!isSharded) SafetensorsWriter.Write(Path.Combine(path, "model.safetensors"), tensors);
        else
        {
            SafetensorsWriter.Write(Path.Combine(path, FirstShard), tensors.Take(3));
            SafetensorsWriter.Write(Path.Combine(path, SecondShard), tensors.Skip(3));
            string map = string.Join(",", tensors.Select((t, i) => $"\"{t.Name}\":\"{(i < 3 ? FirstShard : SecondShard)}\""));
            AtomicFile.WriteText(Path.Combine(path, "model.safetensors.index.json"), $$"""
                {"metadata": {"total_size": {{config.ParameterCount * 2}} }, "weight_map": { {{map}} } }
                """);
        }
        return path;
    }

    private static byte[] Widened(Tensor tensor)
    {
        using MemoryStream stream = new();
        tensor.CopyTo(stream);
        byte[] widened = new byte[tensor.ElementCount * sizeof(float)];
        RowRounding.Convert(stream.ToArray(), tensor.ElementType, widened, ElementType.F32);
        return widened;
    }
}
