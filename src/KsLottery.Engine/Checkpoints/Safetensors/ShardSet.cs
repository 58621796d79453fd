namespace KsLottery.Engine.Checkpoints;

/// <summary>The shards that an index names, opened and held against it.</summary>
/// <remarks>
/// The index decides: of a tensor that stands in several shards, as where an overlay was put beside older shards, the copy that the index
/// places is the checkpoint's, and the others are not read.
/// </remarks>
internal sealed class ShardSet
{
    private const string NextStep = "Download index and shards again, all of one revision";

    private readonly ShardIndex _index;
    private readonly List<SafetensorsFile> _files = [];
    private readonly List<Tensor> _tensors = [];
    private readonly List<Tensor> _stale = [];

    private ShardSet(ShardIndex index) => _index = index;

    /// <summary>The files, in the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>The tensors where the index places them, file by file.</summary>
    public IReadOnlyList<Tensor> Tensors => _tensors;

    /// <summary>Copies that the index leaves aside.</summary>
    public IReadOnlyList<Tensor> Stale => _stale;

    /// <summary>Opens all shards of an index.</summary>
    /// <exception cref="CheckpointFormatException">A shard is absent or damaged, or does not hold what the index places in it.</exception>
    public static ShardSet Open(ShardIndex index, CheckpointOptions? options)
    {
        ShardSet set = new(index);
        try
        {
            set.OpenFiles(options);
            set.Assign();
            return set;
        }
        catch
        {
            foreach (SafetensorsFile file in set._files) file.Dispose();
            throw;
        }
    }

    private void OpenFiles(CheckpointOptions? options)
    {
        string folder = Path.GetDirectoryName(_index.Path)!;
        foreach (IGrouping<string, KeyValuePair<string, string>> shard in
            _index.Shards.GroupBy(s => s.Value).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            string path = Path.Combine(folder, shard.Key);
            DanglingLink.ThrowIfDangling(path);
            if (!File.Exists(path))
                throw new CheckpointFormatException(CheckpointDefect.MissingShard, path,
                    $"this shard is absent, although {_index.Path} places {shard.Count()} tensors in it",
                    "Download the shard into this folder", shard.First().Key);
            _files.Add(SafetensorsFile.Open(path, options));
        }
    }

    private void Assign()
    {
        HashSet<string> placed = [];
        foreach (SafetensorsFile file in _files)
        {
            string shard = Path.GetFileName(file.Path);
            foreach (Tensor tensor in file.Tensors)
            {
                if (!_index.Shards.TryGetValue(tensor.Name, out string? place))
                    throw new CheckpointFormatException(CheckpointDefect.TensorNotInIndex, file.Path,
                        $"the shard holds this tensor, {_index.Path} does not list it", NextStep, tensor.Name, tensor.FileOffset);
                if (place != shard) _stale.Add(tensor);
                else if (placed.Add(tensor.Name)) _tensors.Add(tensor);
            }
        }
        foreach (Tensor tensor in _stale)
            if (!placed.Contains(tensor.Name))
                throw new CheckpointFormatException(CheckpointDefect.TensorInWrongShard, tensor.File.Path,
                    $"the shard holds this tensor, {_index.Path} places it in {_index.Shards[tensor.Name]}, which lacks it", NextStep,
                    tensor.Name, tensor.FileOffset);
        foreach ((string name, string shard) in _index.Shards)
            if (!placed.Contains(name))
                throw new CheckpointFormatException(CheckpointDefect.TensorMissing,
                    Path.Combine(Path.GetDirectoryName(_index.Path)!, shard),
                    $"the shard does not hold this tensor, although {_index.Path} places it there", NextStep, name,
                    SafetensorsHeader.PrefixLength);
    }
}
