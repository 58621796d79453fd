using System.Text.Json;
using System.Text.Json.Nodes;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes a base with a PEFT adapter merged into it, see <see cref="AdaptedCheckpoint"/>.</summary>
/// <remarks>
/// The result is a new folder of the base's form, as <see cref="PatchApplication"/> writes it: only shards with a changed tensor are
/// rewritten. Where the adapter unties the head or changes the number of tokens, <c>config.json</c> and the shard index say so, and the
/// tokenizer beside the adapter, where there is one, takes the place of the base's. The folder appears whole or not at all.
/// </remarks>
public static class AdapterApplication
{
    private static readonly JsonSerializerOptions Layout =
        new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Merges and writes.</summary>
    /// <param name="basePath">The base: a file, a folder or an index; never written to.</param>
    /// <param name="adapterPath">The adapter's folder, or a file of it.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="options">How to read the inputs, and whether values that are no finite numbers are written.</param>
    /// <param name="progress">Reports every tensor.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="CheckpointFormatException">Base or adapter cannot be read, or do not fit each other.</exception>
    /// <exception cref="NotFiniteNumberException">A changed tensor holds a NaN or an infinity; names tensor and row.</exception>
    /// <exception cref="IOException">The output is an input, a file, or a folder with content, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static AdapterResult Apply(string basePath, string adapterPath, string outDirectory, PatchOptions? options = null,
        IProgress<PatchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        using Checkpoint baseModel = Checkpoint.Open(basePath, options.Reading);
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, adapterPath, options.Reading);
        using StagedFolder folder = new(outDirectory, basePath, adapterPath);
        HashSet<string> changed = [.. adapted.Changed];
        Tensor[] added = [.. adapted.Checkpoint.Tensors.Where(t => !baseModel.Tensors.Any(b => b.Name == t.Name))];
        SafetensorsFile? home = added.Length == 0 ? null : baseModel.FindInputEmbedding()!.File;
        List<string> written = [];
        foreach (SafetensorsFile shard in baseModel.Shards.Where(s => s == home || s.Tensors.Any(t => changed.Contains(t.Name))))
        {
            string name = Path.GetFileName(shard.Path);
            Tensor[] tensors = [.. shard.Tensors.Select(t => changed.Contains(t.Name) ? adapted.Checkpoint.GetTensor(t.Name) : t),
                .. shard == home ? added : []];
            long total = tensors.Sum(t => t.ByteLength), done = 0;
            TensorSource Written(Tensor tensor) => Source(tensor, options.AllowsNonFinite || !changed.Contains(tensor.Name),
                () => progress?.Report(new(name, done += tensor.ByteLength, total)), cancellationToken);
            SafetensorsWriter.Write(Path.Combine(folder.Staging, name), tensors.Select(Written), shard.Metadata, cancellationToken);
            written.Add(name);
        }

        bool isResized = changed.Any(name => baseModel.TryGetTensor(name, out Tensor? before)
            && !before.Shape.SequenceEqual(adapted.Checkpoint.GetTensor(name).Shape));
        if (added.Length > 0 || isResized) written.AddRange(WriteIndex(baseModel, adapted.Checkpoint, home, added, folder.Staging));
        if (isResized || adapted.Checkpoint.IsTied != baseModel.IsTied)
            written.AddRange(WriteConfig(baseModel, adapted.Checkpoint, folder.Staging));
        string[] taken = isResized ? [.. CarriedFiles.FindTokenizer(FolderOf(adapterPath))] : [];
        foreach (string name in taken)
            WritableCopy.Make(RealPath.Of(Path.Combine(FolderOf(adapterPath), name)), Path.Combine(folder.Staging, name));
        HashSet<string> left = [.. written, .. taken, .. taken.Length > 0 ? CarriedFiles.FindTokenizer(CarriedFiles.FolderOf(baseModel))
            : []];
        CarriedFiles carried = CarriedFiles.CarryOthers(baseModel, left, folder.Staging, cancellationToken);
        folder.Commit(cancellationToken);
        return new()
        {
            OutputPath = folder.GivenPath,
            Kind = adapted.Kind,
            Changed = adapted.Changed,
            IsTied = adapted.Checkpoint.IsTied,
            WrittenFiles = written,
            LinkedFiles = carried.Linked,
            CopiedFiles = [.. carried.Copied, .. taken],
            Notes = [.. PatchNotes.AboutOtherWeights(carried), .. AboutVocabulary(isResized, taken)],
        };
    }

    private static TensorSource Source(Tensor tensor, bool allowsNonFinite, Action written, CancellationToken cancellationToken) =>
        new(tensor.Name, tensor.ElementType, tensor.Shape, stream =>
        {
            long done = 0, rowLength = Math.Max(1, tensor.RowShape.Width * tensor.ElementType.BitSize() / 8);
            tensor.VisitBytes(stream, (piece, target) =>
            {
                if (!allowsNonFinite && tensor.ElementType.IsReadable() && !RowRounding.AreFinite(piece, tensor.ElementType))
                    throw new NotFiniteNumberException(
                        $"tensor {CheckpointFormatException.Quote(tensor.Name)} of the merged model holds a NaN or "
                        + $"an infinity at or after row {done / rowLength}: the adapter is damaged, or beyond the range of "
                            + $"{tensor.DtypeName}. Take "
                        + $"another, or write it all the same ({Remedy.AllowNonFinite}).");
                target.Write(piece);
                done += piece.Length;
            }, cancellationToken);
            written();
        });

    private static IEnumerable<string> WriteIndex(Checkpoint baseModel, Checkpoint merged, SafetensorsFile? home, Tensor[] added,
        string staging)
    {
        if (baseModel.IndexPath is not { } path) yield break;
        JsonObject root = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        foreach (Tensor tensor in added) root["weight_map"]![tensor.Name] = Path.GetFileName(home!.Path);
        if (root["metadata"] is JsonObject metadata && metadata.ContainsKey("total_size"))
            metadata["total_size"] = merged.Tensors.Sum(t => t.ByteLength);
        string name = Path.GetFileName(path);
        AtomicFile.WriteText(Path.Combine(staging, name), root.ToJsonString(Layout) + "\n");
        yield return name;
    }

    private static IEnumerable<string> WriteConfig(Checkpoint baseModel, Checkpoint merged, string staging)
    {
        string path = Path.Combine(CarriedFiles.FolderOf(baseModel), ModelConfig.FileName);
        if (!File.Exists(path)) yield break;
        JsonObject root = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        Set(root, "tie_word_embeddings", merged.IsTied == baseModel.IsTied ? null : JsonValue.Create(merged.IsTied == true));
        if (merged.Config?.VocabularySize is { } size) Set(root, "vocab_size", JsonValue.Create(size));
        AtomicFile.WriteText(Path.Combine(staging, ModelConfig.FileName), root.ToJsonString(Layout) + "\n");
        yield return ModelConfig.FileName;
    }

    /// <summary>Sets a value where it stands: of models with several parts that may be among the language model's.</summary>
    private static void Set(JsonObject root, string key, JsonValue? value)
    {
        if (value is null) return;
        JsonObject place = !root.ContainsKey(key) && root["text_config"] is JsonObject text && text.ContainsKey(key) ? text : root;
        place[key] = value;
    }

    private static IEnumerable<string> AboutVocabulary(bool isResized, string[] taken)
    {
        if (isResized && taken.Length == 0)
            yield return "The adapter changes the number of tokens and has no tokenizer beside it: the base's went along, and does not "
                + "name "
                + "the other rows.";
    }

    private static string FolderOf(string path) => Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
}
