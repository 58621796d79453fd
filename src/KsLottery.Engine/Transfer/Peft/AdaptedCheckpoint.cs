using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>A base with a PEFT adapter merged into it; nothing is written: changed tensors are computed as they are read.</summary>
/// <remarks>
/// <para>
/// LORA and TRAINABLE_TOKENS are computed, with <c>rank_pattern</c>, <c>alpha_pattern</c>, <c>use_rslora</c>, <c>fan_in_fan_out</c>,
/// adapted embeddings, <c>modules_to_save</c> and saved biases. Values are those of PEFT's <c>merge_and_unload</c> on a base in its stored
/// type:
/// W + scale · (B · A) in F32, rounded once to the type of W; whole tensors and rows are rounded to that type too. Other kinds and
/// variants, and those that change the base's own weights when they begin, are refused by name.
/// </para>
/// <para>
/// Where the base is tied, what is added to embedding or head, and replaced rows, change the one matrix that both are, and so does a whole
/// embedding; only one of <c>modules_to_save</c> without <c>ensure_weight_tying</c>, with as many rows as the base's, leaves the head as it
/// was, so that the result is not tied.
/// </para>
/// </remarks>
public sealed class AdaptedCheckpoint : IDisposable
{
    private const string PickleName = "adapter_model.bin";

    private readonly string _configPath, _weightsPath;

    private AdaptedCheckpoint(string configPath, PeftConfig config, PeftMerge merge, Checkpoint checkpoint)
    {
        (_configPath, _weightsPath, Checkpoint) = (configPath, merge.File.Path, checkpoint);
        (Kind, BaseModelName, Changed, ChangesEmbedding) = (config.Kind, config.BaseModelName, merge.Changed, merge.ChangesEmbedding);
    }

    /// <summary>The result, which is read like any checkpoint; its path is the adapter's.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The adapter's <c>peft_type</c>: LORA or TRAINABLE_TOKENS.</summary>
    public string Kind { get; }

    /// <summary>What the adapter says that it was made for; a hint that nobody checks. Null where it says nothing.</summary>
    public string? BaseModelName { get; }

    /// <summary>The names of the tensors that it changes or adds, in the base's order.</summary>
    public IReadOnlyList<string> Changed { get; }

    /// <summary>Whether the input embedding is among them.</summary>
    public bool ChangesEmbedding { get; }

    /// <summary>Whether a path is an adapter: a folder with <c>adapter_config.json</c> and no checkpoint of its own, or a file of
    /// one.</summary>
    public static bool IsAdapter(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
            return Path.GetFileName(path) is PeftAdapter.ConfigName or PeftAdapter.WeightsName or PickleName
                && File.Exists(Path.Combine(FolderOf(path), PeftAdapter.ConfigName));
        bool hasOther = File.Exists(Path.Combine(path, "model.safetensors")) || File.Exists(Path.Combine(path, ShardIndex.FileName));
        return !hasOther && File.Exists(Path.Combine(path, PeftAdapter.ConfigName));
    }

    /// <summary>Merges an adapter into a base.</summary>
    /// <param name="baseModel">The base, which must outlive the result.</param>
    /// <param name="path">The adapter's folder, or a file of it.</param>
    /// <param name="options">How to read the adapter; mapped into memory by default.</param>
    /// <exception cref="CheckpointFormatException">
    /// The adapter is damaged, of another kind, a Python pickle, or does not fit the base; names file, tensor and next step.
    /// </exception>
    /// <exception cref="IOException">A file is absent or cannot be opened.</exception>
    public static AdaptedCheckpoint Open(Checkpoint baseModel, string path, CheckpointOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        ArgumentException.ThrowIfNullOrEmpty(path);
        string folder = Directory.Exists(path) ? path : FolderOf(path), configPath = Path.Combine(folder, PeftAdapter.ConfigName);
        PeftConfig config = PeftConfig.Load(configPath);
        if (config.Obstacle is { } obstacle)
            throw new CheckpointFormatException(CheckpointDefect.InvalidAdapter, configPath, obstacle.Problem, obstacle.NextStep);
        SafetensorsFile file = SafetensorsFile.Open(WeightsIn(folder), options);
        try
        {
            PeftMerge merge = new(baseModel, file, config);
            return new(configPath, config, merge, Checkpoint.Adapted(path, file, merge.Tensors, merge.Config));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Says which adapter it is, by the fingerprints of its files.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public TicketAdapter TakeOrigin(CancellationToken cancellationToken = default) =>
        new(Kind, Fingerprint.OfFile(_configPath, cancellationToken), Fingerprint.OfFile(_weightsPath, cancellationToken));

    /// <summary>Releases the adapter's file; the base stays open.</summary>
    public void Dispose() => Checkpoint.Dispose();

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private static string WeightsIn(string folder)
    {
        string weights = Path.Combine(folder, PeftAdapter.WeightsName), pickle = Path.Combine(folder, PickleName);
        if (File.Exists(weights)) return weights;
        throw File.Exists(pickle)
            ? new CheckpointFormatException(CheckpointDefect.InvalidAdapter, pickle, "the weights are a Python pickle, which can run any "
                + $"program when it is read, and there is no {PeftAdapter.WeightsName}",
                "Load the adapter with PEFT where you trust it, and "
                + "save it again (safe_serialization=True, the default since PEFT 0.6)")
            : new FileNotFoundException($"{weights}: no such file beside {PeftAdapter.ConfigName}. Give the whole folder of the adapter.",
                weights);
    }
}
