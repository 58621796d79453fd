using System.Diagnostics.CodeAnalysis;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A model's tensors, in one safetensors file or many.</summary>
/// <remarks>
/// Reading is safe from several threads. Disposing releases every file at once; spans that were handed out before point into nothing then.
/// </remarks>
public sealed class Checkpoint : IDisposable
{
    private const string SingleFileName = "model.safetensors";
    private const string IndexEnding = ".index.json";
    private const string FileEnding = ".safetensors";
    private const string NextStep = "Download index and shards again, all of one revision";

    private readonly Dictionary<string, Tensor> _byName = [];

    private Checkpoint(string path, bool isFolder, string? indexPath, IReadOnlyList<SafetensorsFile> shards, IReadOnlyList<Tensor> tensors,
        ModelConfig? config)
    {
        (Path, IsFolder, IndexPath, Shards, Tensors, Config) = (path, isFolder, indexPath, shards, tensors, config);
        foreach (Tensor tensor in Tensors) _byName.Add(tensor.Name, tensor);
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>Whether the path is a folder.</summary>
    public bool IsFolder { get; }

    /// <summary>The files, in the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Shards { get; }

    /// <summary>The shard index, or null where the checkpoint is one file.</summary>
    public string? IndexPath { get; }

    /// <summary>The <c>config.json</c> in the folder or beside the file, or null where there is none.</summary>
    public ModelConfig? Config { get; }

    /// <summary>All tensors, file by file, in the order of their bytes.</summary>
    public IEnumerable<Tensor> Tensors { get; }

    /// <summary>Whether input and output embedding are one matrix; null where that cannot be told.</summary>
    /// <remarks>
    /// The configuration decides. Where it is silent, an output head says no, and a causal language model without one says yes, for
    /// it has nothing else to speak with.
    /// </remarks>
    public bool? IsTied
    {
        get
        {
            if (Config?.TieWordEmbeddings is { } said) return said;
            if (FindOutputHead() is not null) return false;
            bool isCausal = Config?.Architecture is { } name
                && (name.Contains("CausalLM", StringComparison.Ordinal) || name.Contains("LMHead", StringComparison.Ordinal));
            return isCausal && FindInputEmbedding() is not null ? true : null;
        }
    }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">
    /// A <c>.safetensors</c> file; a folder with <c>model.safetensors</c>, with <c>model.safetensors.index.json</c> and its shards, or
    /// with a single <c>.safetensors</c> file of another name, looked for in this order as Transformers does; or an index file.
    /// </param>
    /// <param name="options">How to read the files; mapped into memory by default.</param>
    /// <exception cref="FileNotFoundException">There is nothing at the path.</exception>
    /// <exception cref="CheckpointFormatException">A file breaks a rule of its format, or index and shards do not agree.</exception>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    public static Checkpoint Open(string path, CheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file or folder. Give a {FileEnding} file or a model's folder.", path);
        string source = isFolder ? FindInFolder(path) : path;
        string folder = isFolder ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        ModelConfig? config = ModelConfig.TryLoad(folder);

        string? indexPath = source.EndsWith(IndexEnding, StringComparison.Ordinal) ? source : null;
        List<SafetensorsFile> shards = indexPath is null
            ? [SafetensorsFile.Open(source, options)]
            : OpenShards(ShardIndex.Load(indexPath), options);
        return new Checkpoint(path, isFolder, indexPath, shards, [.. shards.SelectMany(s => s.Tensors)], config);
    }

    /// <summary>A checkpoint that lies in no file: another one's tensors, some of them computed by an adapter.</summary>
    /// <param name="path">The adapter.</param>
    /// <param name="file">Its weights, which are released with the checkpoint.</param>
    /// <param name="tensors">All tensors; those of other files must outlive the checkpoint.</param>
    /// <param name="config">What the base's configuration says, as the adapter changes it.</param>
    internal static Checkpoint Adapted(string path, SafetensorsFile file, IReadOnlyList<Tensor> tensors, ModelConfig? config) =>
        new(path, Directory.Exists(path), null, [file], tensors, config);

    /// <summary>Finds a tensor by its exact name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out Tensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Finds a tensor by its exact name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists near names.</exception>
    public Tensor GetTensor(string name) => TryGetTensor(name, out Tensor? tensor)
        ? tensor
        : throw new KeyNotFoundException(
            $"{Path}: no tensor {CheckpointFormatException.Quote(name)} in this checkpoint. {NearNames.Describe(name, _byName.Keys)}");

    /// <summary>Finds the input embedding by the names that model families use; null where none or several fit.</summary>
    public Tensor? FindInputEmbedding() => WellKnownTensors.FindInput(this);

    /// <summary>Finds the output head by the names that model families use; null where none or several fit.</summary>
    public Tensor? FindOutputHead() => WellKnownTensors.FindOutput(this);

    /// <summary>Releases every file at once.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile shard in Shards) shard.Dispose();
    }

    private static string FindInFolder(string folder)
    {
        foreach (string name in (ReadOnlySpan<string>)[SingleFileName, ShardIndex.FileName])
        {
            string candidate = System.IO.Path.Combine(folder, name);
            if (File.Exists(candidate)) return candidate;
        }
        string[] files = [.. Directory.EnumerateFiles(folder, "*" + FileEnding).Order(StringComparer.Ordinal)];
        if (files is [string only]) return only;
        throw new CheckpointFormatException(CheckpointDefect.NoCheckpoint, folder,
            $"the folder has neither {SingleFileName} nor {ShardIndex.FileName}, "
            + $"and {(files.Length == 0 ? "no" : $"{files.Length}")} other {FileEnding} files",
            files.Length == 0 ? "Other formats must be converted to safetensors first" : "Give the path of the file that is meant");
    }

    private static List<SafetensorsFile> OpenShards(ShardIndex index, CheckpointOptions? options)
    {
        string folder = System.IO.Path.GetDirectoryName(index.Path)!;
        List<SafetensorsFile> shards = [];
        try
        {
            foreach (IGrouping<string, KeyValuePair<string, string>> shard in
                index.Shards.GroupBy(s => s.Value).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                string path = System.IO.Path.Combine(folder, shard.Key);
                if (!File.Exists(path))
                    throw new CheckpointFormatException(CheckpointDefect.MissingShard, path,
                        $"this shard is absent, although {index.Path} places {shard.Count()} tensors in it",
                        "Download the shard into this folder", shard.First().Key);
                SafetensorsFile file = SafetensorsFile.Open(path, options);
                shards.Add(file);
                CheckPlaces(index, file, shard.Key);
            }
            CheckNoneMissing(index, shards, folder);
            return shards;
        }
        catch
        {
            foreach (SafetensorsFile shard in shards) shard.Dispose();
            throw;
        }
    }

    private static void CheckPlaces(ShardIndex index, SafetensorsFile file, string shard)
    {
        foreach (Tensor tensor in file.Tensors)
        {
            if (!index.Shards.TryGetValue(tensor.Name, out string? place))
                throw new CheckpointFormatException(CheckpointDefect.TensorNotInIndex, file.Path,
                    $"the shard holds this tensor, {index.Path} does not list it", NextStep, tensor.Name, tensor.FileOffset);
            if (place != shard)
                throw new CheckpointFormatException(CheckpointDefect.TensorInWrongShard, file.Path,
                    $"the shard holds this tensor, {index.Path} places it in {place}", NextStep, tensor.Name, tensor.FileOffset);
        }
    }

    private static void CheckNoneMissing(ShardIndex index, List<SafetensorsFile> shards, string folder)
    {
        HashSet<string> present = [.. shards.SelectMany(s => s.Tensors).Select(t => t.Name)];
        foreach ((string name, string shard) in index.Shards)
        {
            if (!present.Contains(name))
                throw new CheckpointFormatException(CheckpointDefect.TensorMissing, System.IO.Path.Combine(folder, shard),
                    $"the shard does not hold this tensor, although {index.Path} places it there", NextStep, name, SafetensorsHeader.PrefixLength);
        }
    }
}
