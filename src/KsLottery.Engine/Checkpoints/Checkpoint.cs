using System.Diagnostics.CodeAnalysis;
using System.Globalization;

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

    private readonly TensorNames _names;
    private readonly IReadOnlyList<Tensor> _tensors;

    private Checkpoint(string path, bool isFolder, string? indexPath, IReadOnlyList<SafetensorsFile> shards, IReadOnlyList<Tensor> tensors,
        ModelConfig? config, IEnumerable<string> notes)
    {
        (Path, IsFolder, IndexPath, Shards, _tensors, Config) = (path, isFolder, indexPath, shards, tensors, config);
        _names = new(tensors, tensors.Select(t => t.File).Distinct().Select(f => f.Metadata));
        foreach (Tensor tensor in tensors) tensor.Scale ??= TensorScale.Find(tensor, _names.Find, config?.WeightBlock);
        Tying = Tying.Of(this);
        Notes = [.. notes, .. Tying.Note is { } note ? [note] : (string[])[]];
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>Whether the path is a folder.</summary>
    public bool IsFolder { get; }

    /// <summary>The files, in the order of their names.</summary>
    internal IReadOnlyList<SafetensorsFile> Shards { get; }

    /// <summary>The shard index, or null where the checkpoint is one file.</summary>
    public string? IndexPath { get; }

    /// <summary>The <c>config.json</c> in the folder or beside the file, or null where there is none.</summary>
    internal ModelConfig? Config { get; }

    /// <summary>All tensors, file by file, in the order of their bytes; of one that several shards hold, the copy that the index
    /// places.</summary>
    public IEnumerable<Tensor> Tensors => _tensors;

    /// <summary>Whether input and output embedding are one matrix; null where that cannot be told.</summary>
    /// <remarks>
    /// <para>
    /// They are where the file says that it holds both as one. Else the configuration decides. Where it is silent, an output head says no,
    /// and a causal language model without one says yes, for it has nothing else to speak with.
    /// </para>
    /// <para>
    /// Hugging Face's <c>LlamaConfig</c> takes silence as no and gives a model without a head one of random numbers; nobody can mean that,
    /// so that <see cref="Notes"/> says what was taken instead.
    /// </para>
    /// </remarks>
    public bool? IsTied => Tying.IsTied;

    /// <summary>What a reader should know of how the files were read, a sentence each: files left aside, silence that was
    /// interpreted.</summary>
    public IReadOnlyList<string> Notes { get; }

    internal Tying Tying { get; }

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
        DanglingLink.ThrowIfDangling(path);
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file or folder. Give a {FileEnding} file or a model's folder.", path);
        string source = isFolder ? FindInFolder(path) : path;
        string folder = isFolder ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        ModelConfig? config = ModelConfig.TryLoad(folder);

        if (!source.EndsWith(IndexEnding, StringComparison.Ordinal))
        {
            SafetensorsFile file = SafetensorsFile.Open(source, options);
            return new Checkpoint(path, isFolder, null, [file], file.Tensors, config, isFolder ? AboutIndexBeside(source) : []);
        }
        ShardSet set = ShardSet.Open(ShardIndex.Load(source), options);
        return new Checkpoint(path, isFolder, source, set.Files, set.Tensors, config, AboutStale(set));
    }

    /// <summary>A checkpoint that lies in no file: another one's tensors, some of them computed by an adapter.</summary>
    /// <param name="path">The adapter.</param>
    /// <param name="file">Its weights, which are released with the checkpoint.</param>
    /// <param name="tensors">All tensors; those of other files must outlive the checkpoint.</param>
    /// <param name="config">What the base's configuration says, as the adapter changes it.</param>
    internal static Checkpoint Adapted(string path, SafetensorsFile file, IReadOnlyList<Tensor> tensors, ModelConfig? config) =>
        new(path, Directory.Exists(path), null, [file], tensors, config, []);

    /// <summary>A checkpoint that lies in no file: another one's tensors, some of them computed by a patch.</summary>
    /// <param name="path">The other one's.</param>
    /// <param name="tensors">All tensors, whose files must outlive the checkpoint.</param>
    /// <param name="config">The other one's configuration.</param>
    internal static Checkpoint Patched(string path, IReadOnlyList<Tensor> tensors, ModelConfig? config) =>
        new(path, Directory.Exists(path), null, [], tensors, config, []);

    /// <summary>Finds a tensor by the name that its file gives it, or by the name that its model has for it.</summary>
    /// <remarks>
    /// Prefixes that wrappers put before names (<c>_orig_mod.</c>, <c>module.</c>, <c>base_model.model.</c>) count neither in the file nor
    /// in what is asked for, unless two tensors would fit; a name that safetensors' <c>save_model</c> left out finds the tensor that was
    /// kept in its place. The tensor has the file's own name.
    /// </remarks>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out Tensor? tensor) => (tensor = _names.Find(name)) is not null;

    /// <summary>Finds a tensor as <see cref="TryGetTensor"/> does.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists near names.</exception>
    public Tensor GetTensor(string name) => TryGetTensor(name, out Tensor? tensor)
        ? tensor
        : throw new KeyNotFoundException(
            $"{Path}: no tensor {CheckpointFormatException.Quote(name)} in this checkpoint. {NearNames.Describe(name, _names.All)}");

    /// <summary>Finds the input embedding by the names that model families use; null where none or several fit.</summary>
    public Tensor? FindInputEmbedding() => WellKnownTensors.FindInput(this);

    /// <summary>Finds the input embedding, or says why there is none.</summary>
    /// <exception cref="CheckpointFormatException">The checkpoint is no model, or its embedding was saved without its values.</exception>
    /// <exception cref="KeyNotFoundException">No name fits, or several do; the message lists them.</exception>
    public Tensor GetInputEmbedding() => FindInputEmbedding() ?? throw NoEmbedding.In(this);

    /// <summary>Finds every matrix that has a name of an input embedding; where there are several, the first is not always what is
    /// meant.</summary>
    public IReadOnlyList<Tensor> FindInputEmbeddings() => WellKnownTensors.AllInputs(this);

    /// <summary>Finds the output head by the names that model families use; null where none or several fit.</summary>
    public Tensor? FindOutputHead() => WellKnownTensors.FindOutput(this);

    /// <summary><c>model: 21 tensors, 45,984 elements</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Path}: {Tensors.Count():N0} tensors, {Tensors.Sum(t => t.ElementCount):N0} elements");

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
            DanglingLink.ThrowIfDangling(candidate);
            if (File.Exists(candidate)) return candidate;
        }
        UnfinishedRun.ThrowIfIn(folder);
        string[] files = [.. Directory.EnumerateFiles(folder, "*" + FileEnding).Order(StringComparer.Ordinal)];
        if (files is [string only]) return only;
        (string Name, ForeignFile File)? other = files.Length == 0 ? ForeignFile.FindIn(folder) : null;
        throw new CheckpointFormatException(other is null ? CheckpointDefect.NoCheckpoint : CheckpointDefect.ForeignFile, folder,
            $"the folder has neither {SingleFileName} nor {ShardIndex.FileName}, "
            + $"and {(files.Length == 0 ? "no" : $"{files.Length}")} other {FileEnding} files"
            + (other is null ? "" : $"; its {CheckpointFormatException.Quote(other.Value.Name)} is {other.Value.File.What}"),
            files.Length > 0 ? "Give the path of the file that is meant"
            : other?.File.NextStep ?? "Other formats must be converted to safetensors first");
    }

    /// <summary>The file goes before an index, as in Transformers; shards of an index beside it are easily taken for what is
    /// read.</summary>
    private static string[] AboutIndexBeside(string source)
    {
        string folder = System.IO.Path.GetDirectoryName(source)!, index = System.IO.Path.Combine(folder, ShardIndex.FileName);
        if (System.IO.Path.GetFileName(source) != SingleFileName || !File.Exists(index)) return [];
        string what = $"{source} is read, as Transformers reads it, and not ";
        try
        {
            int shards = ShardIndex.Load(index).Shards.Values.Distinct()
                .Count(name => name != SingleFileName && File.Exists(System.IO.Path.Combine(folder, name)));
            return shards == 0 ? []
                : [$"{what}the {shards} shards that {index} names. If the shards are meant, give the path of {ShardIndex.FileName}."];
        }
        catch (CheckpointFormatException)
        {
            return [$"{what}{index}, which is damaged."];
        }
    }

    private static IEnumerable<string> AboutStale(ShardSet set)
    {
        if (set.Stale is not [Tensor first, ..]) yield break;
        string place = System.IO.Path.GetFileName(set.Tensors.First(t => t.Name == first.Name).File.Path);
        yield return $"{first.File.Path} holds a copy of {CheckpointFormatException.Quote(first.Name)} that is not read, as the index "
            + $"places the "
            + $"tensor in {place}{(set.Stale.Count == 1 ? "" : $"; so it is with {set.Stale.Count} copies in all")}.";
    }
}
