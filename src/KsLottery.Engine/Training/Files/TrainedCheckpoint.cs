using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>Writes a model that learned as a Hugging Face folder.</summary>
/// <remarks>
/// What did not learn keeps its bytes, type and shard; shards without anything that learned are hard links where the file system allows
/// it. Each file appears whole or not at all, and the one by which the model is found comes last; files of an earlier try are replaced.
/// </remarks>
internal static class TrainedCheckpoint
{
    private const string ModelName = "model.safetensors";
    private static readonly string[] TypeKeys = ["torch_dtype", "dtype"];

    /// <summary>Writes a base with its trained tensors in place of its own.</summary>
    /// <param name="baseModel">The base, from which the weights were opened.</param>
    /// <param name="weights">The weights; their scope is the whole model, the embedding, or adapters that were merged.</param>
    /// <param name="operations">Their device.</param>
    /// <param name="folder">A folder that exists.</param>
    /// <param name="keepTypes">Whether trained tensors are rounded to the type that the base stores them in; else they are F32.</param>
    /// <param name="tokenizer">A tokenizer that goes along in place of the base's own: a file, whose name says its form.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="InvalidOperationException">Nothing, only rows of the embedding or a mask learned; these become a patch.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TrainedFiles Write(Checkpoint baseModel, LlamaWeights weights, IOperations operations, string folder,
        bool keepTypes = false,
        string? tokenizer = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Scope is not { Units: null })
            throw new InvalidOperationException(
                $"{baseModel.Path}: {(weights.Scope is null ? "nothing" : "a ticket")} learned; a checkpoint is written "
                + "where the embedding or the whole model did. Write a ticket as a patch.");
        LearnedPart learned = new(weights, baseModel);
        Dictionary<string, Weight> trained = weights.Changing.ToDictionary(w => w.Name);
        if (LearnedPart.SecondName(weights, baseModel) is { } second && learned.Contains(second))
            trained.TryAdd(second, weights.TokenEmbedding);
        // Only what the index places in a shard: an old copy there would go on beside the trained values.
        Dictionary<string, Tensor[]> rewritten = baseModel.Tensors.GroupBy(t => t.File).Where(s => s.Any(t => learned.Contains(t.Name)))
            .ToDictionary(s => NameOf(baseModel, s.Key), s => s.ToArray());
        ElementType TypeOf(Tensor tensor) => learned.Contains(tensor.Name) && !keepTypes ? ElementType.F32 : tensor.ElementType;

        HashSet<string> own = [.. rewritten.Keys, ModelConfig.FileName, ShardIndex.FileName];
        if (baseModel.IndexPath is null) own.Add(Path.GetFileName(baseModel.Shards[0].Path));
        if (tokenizer is not null) own.UnionWith(TokenizerFiles.Names);
        CarriedFiles carried = CarriedFiles.CarryCompanions(baseModel, own, folder, cancellationToken);
        List<string> names = [.. carried.Copied, .. carried.Linked];
        if (tokenizer is not null) names.AddRange(TokenizerFiles.Copy(tokenizer, folder));
        names.Add(WriteConfig(baseModel, folder, isAllF32: baseModel.Tensors.All(t => TypeOf(t) == ElementType.F32)));

        DeviceValues values = new(operations);
        foreach ((string name, Tensor[] tensors) in rewritten)
        {
            SafetensorsWriter.Write(Path.Combine(folder, name), tensors.Select(t => trained.TryGetValue(t.Name, out Weight? weight)
                ? values.Source(t.Name, t.Shape, weight.Value, TypeOf(t)) : TensorSource.FromTensor(t)), tensors[0].File.Metadata,
                cancellationToken);
            names.Add(name);
        }
        if (baseModel.IndexPath is not null)
            names.Add(WriteIndex(baseModel.IndexPath, folder, baseModel.Tensors.Sum(t => t.ElementCount * TypeOf(t).ByteSize())));
        return new(names, values.Loss.Inexact, values.Loss.Overflowed);
    }

    /// <summary>Writes a model that was trained from the beginning, in F32, with its <c>config.json</c>.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="operations">Their device.</param>
    /// <param name="folder">A folder that exists.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TrainedFiles WriteWhole(LlamaWeights weights, IOperations operations, string folder,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        AtomicFile.Write(Path.Combine(folder, ModelConfig.FileName), stream => weights.Config.WriteTo(stream, ElementType.F32),
            cancellationToken);
        DeviceValues values = new(operations);
        SafetensorsWriter.Write(Path.Combine(folder, ModelName),
            weights.All.Select(w => values.Source(w.Name, w.Shape, w.Value)),
            new Dictionary<string, string> { ["format"] = "pt" }, cancellationToken);
        return new([ModelConfig.FileName, ModelName]);
    }

    /// <summary>The configuration of a base.</summary>
    internal static string ConfigPath(Checkpoint baseModel) =>
        Path.Combine(baseModel.IsFolder ? baseModel.Path : Path.GetDirectoryName(Path.GetFullPath(baseModel.Path))!, ModelConfig.FileName);

    /// <summary>A single file gets the name that others look for.</summary>
    private static string NameOf(Checkpoint baseModel, SafetensorsFile shard) =>
        baseModel.IndexPath is null ? ModelName : Path.GetFileName(shard.Path);

    /// <summary>The configuration as it was, but for the type where all weights are F32 now.</summary>
    private static string WriteConfig(Checkpoint baseModel, string folder, bool isAllF32)
    {
        byte[] bytes = File.ReadAllBytes(ConfigPath(baseModel));
        using JsonDocument document = JsonDocument.Parse(JsonFile.WithoutMark(bytes));
        string? key = TypeKeys.FirstOrDefault(k => document.RootElement.TryGetProperty(k, out JsonElement type)
            && type.ValueKind == JsonValueKind.String && !type.ValueEquals("float32"));
        AtomicFile.Write(Path.Combine(folder, ModelConfig.FileName), stream =>
        {
            if (isAllF32 && key is not null)
                JsonEdit.Replace(stream, document.RootElement, [key], json => json.WriteStringValue("float32"));
            else stream.Write(bytes);
        });
        return ModelConfig.FileName;
    }

    private static string WriteIndex(string indexPath, string folder, long totalSize)
    {
        using JsonDocument document = JsonFile.Parse(indexPath);
        AtomicFile.Write(Path.Combine(folder, ShardIndex.FileName),
            stream => JsonEdit.Replace(stream, document.RootElement, ["metadata", "total_size"], json => json.WriteNumberValue(totalSize)));
        return ShardIndex.FileName;
    }
}

/// <summary>The files that a training wrote at its end.</summary>
/// <param name="Names">Their names in the folder, the model last.</param>
/// <param name="InexactValues">Trained values that the written type cannot hold exactly and that were rounded to nearest, ties to
/// even.</param>
/// <param name="OverflowedValues">Finite values beyond the written type, which became infinite; part of
/// <paramref name="InexactValues"/>.</param>
public sealed record TrainedFiles(IReadOnlyList<string> Names, long InexactValues = 0, long OverflowedValues = 0);
