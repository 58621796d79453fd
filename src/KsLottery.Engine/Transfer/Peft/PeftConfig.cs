using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>What an <c>adapter_config.json</c> says: the adapter's kind, the token ids of replaced rows, the scale of low-rank
/// additions.</summary>
internal sealed class PeftConfig
{
    private const string TypeKey = "peft_type";
    private const string BaseKey = "base_model_name_or_path";
    private const string Key = "token_indices";
    private const string LoraKey = "trainable_token_indices";
    private const string SavedKey = "modules_to_save";
    private const string TyingKey = "ensure_weight_tying";
    private const string Weight = ".weight";
    private const int MaxFileBytes = 64 << 20;

    private readonly string _path;
    // The empty name stands for ids that hold for whichever module has rows.
    private readonly Dictionary<string, int[]> _byModule = [];

    private string[] _saved = [];
    private bool _ensuresTying;

    private PeftConfig(string path) => _path = path;

    /// <summary>The <c>peft_type</c>, such as LORA; empty where it is absent.</summary>
    public string Kind { get; private set; } = "";

    /// <summary>How low-rank additions are scaled; with PEFT's own values where the file is silent.</summary>
    public PeftScaling Scaling { get; private set; } = null!;

    /// <summary>The <c>base_model_name_or_path</c>; null where it is absent.</summary>
    public string? BaseModelName { get; private set; }

    /// <summary>What makes the adapter one that cannot be computed here; null where nothing does.</summary>
    public PeftObstacle? Obstacle { get; private set; }

    /// <summary>Reads a configuration; keys that are of no use here are passed over.</summary>
    /// <exception cref="CheckpointFormatException">It is not JSON, or an id is negative or stands twice, or a number is none.</exception>
    public static PeftConfig Load(string path)
    {
        PeftConfig config = new(path);
        long length = new FileInfo(path) is { Exists: true } file
            ? file.Length
            : throw new FileNotFoundException($"{path}: no such file. Give the folder of a PEFT adapter.", path);
        if (length > MaxFileBytes) throw config.Invalid($"{length} bytes, allowed are {MaxFileBytes}");
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            config.Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw config.Invalid($"not JSON in {JsonDefect.Describe(e)}", e);
        }
        catch (InvalidOperationException e)
        {
            throw config.Invalid("a lone surrogate in a string", e);
        }
        return config;
    }

    /// <summary>The ids for a module, by the last part of its name.</summary>
    /// <exception cref="CheckpointFormatException">There are none.</exception>
    public int[] IndicesFor(string module) => _byModule.Count == 0
        ? throw Invalid($"there are no token ids, neither {Key} nor {LoraKey}")
        : _byModule.GetValueOrDefault(module) ?? _byModule.GetValueOrDefault("")
        // A tied head is not listed, it follows the one module that is.
        ?? (_byModule.Count == 1
            ? _byModule.Values.Single()
            : throw Invalid($"{LoraKey} has no ids for {CheckpointFormatException.Quote(module)}"));

    /// <summary>Whether PEFT trained a whole tensor as a copy beside the base's, which nothing that was tied to the base's
    /// follows.</summary>
    /// <remarks>
    /// Source: <c>ModulesToSaveWrapper</c> of PEFT, for the modules whose names end in an entry of <c>modules_to_save</c>; with
    /// <c>ensure_weight_tying</c> tied modules share the copy.
    /// </remarks>
    /// <param name="name">The tensor's name in the base.</param>
    /// <param name="stored">Its name in the adapter, which may say so itself.</param>
    public bool HasCopyOf(string name, string stored)
    {
        string module = name.EndsWith(Weight, StringComparison.Ordinal) ? name[..^Weight.Length] : name;
        return !_ensuresTying && (stored.Contains($".{SavedKey}.", StringComparison.Ordinal)
            || _saved.Any(entry => module.EndsWith(entry, StringComparison.Ordinal)));
    }

    private void Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) throw Invalid("the file must hold a JSON object");
        if (TryGet(root, Key, out JsonElement ids)) _byModule[""] = ReadIds(ids, Key);
        else if (TryGet(root, LoraKey, out ids) && ids.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty module in ids.EnumerateObject())
                _byModule[module.Name[(module.Name.LastIndexOf('.') + 1)..]] = ReadIds(module.Value, LoraKey);
        else if (TryGet(root, LoraKey, out ids)) _byModule[""] = ReadIds(ids, LoraKey);
        (Kind, BaseModelName) = (TextOf(root, TypeKey) ?? "", TextOf(root, BaseKey));
        _ensuresTying = root.TryGetProperty(TyingKey, out JsonElement ensures) && ensures.ValueKind == JsonValueKind.True;
        if (root.TryGetProperty(SavedKey, out JsonElement saved) && saved.ValueKind == JsonValueKind.Array)
            _saved = [.. saved.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)];
        Scaling = new(_path, root);
        Obstacle = PeftObstacles.Find(Kind, root);
    }

    private static string? TextOf(JsonElement root, string key) =>
        root.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool TryGet(JsonElement root, string key, out JsonElement value) =>
        root.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;

    private int[] ReadIds(JsonElement list, string key)
    {
        if (list.ValueKind != JsonValueKind.Array) throw Invalid($"{key} must be a list of token ids, it is a JSON {list.ValueKind}");
        HashSet<int> seen = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int id) || id < 0)
                throw Invalid($"{key} holds {item.GetRawText()}, ids go from 0 to {int.MaxValue}");
            if (!seen.Add(id)) throw Invalid($"{key} holds {id} twice");
        }
        return seen.Count > 0 ? [.. list.EnumerateArray().Select(i => i.GetInt32())] : throw Invalid($"{key} is empty");
    }

    private CheckpointFormatException Invalid(string problem, Exception? cause = null) =>
        new(CheckpointDefect.InvalidAdapter, _path, problem, "Give the folder of a PEFT adapter with replaced rows",
            innerException: cause);
}
