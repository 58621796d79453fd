using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>The token ids in an <c>adapter_config.json</c>.</summary>
internal sealed class PeftConfig
{
    private const string Key = "token_indices";
    private const string LoraKey = "trainable_token_indices";
    private const int LongestFile = 64 << 20;

    private readonly string _path;
    // The empty name stands for ids that hold for whichever module has rows.
    private readonly Dictionary<string, int[]> _byModule = [];

    private PeftConfig(string path) => _path = path;

    /// <summary>Reads a configuration; keys that are of no use here are passed over.</summary>
    /// <exception cref="CheckpointFormatException">It is not JSON, or names no token ids, or an id is negative or stands twice.</exception>
    public static PeftConfig Load(string path)
    {
        PeftConfig config = new(path);
        long length = new FileInfo(path) is { Exists: true } file
            ? file.Length
            : throw new FileNotFoundException($"{path}: no such file. Give the folder of a PEFT adapter.", path);
        if (length > LongestFile) throw config.Invalid($"{length} bytes, allowed are {LongestFile}");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            config.Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw config.Invalid($"not JSON in line {e.LineNumber + 1}, byte {e.BytePositionInLine} of it", e);
        }
        catch (InvalidOperationException e)
        {
            throw config.Invalid("a lone surrogate in a string", e);
        }
        return config;
    }

    /// <summary>The ids for a module, by the last part of its name.</summary>
    public int[] IndicesFor(string module) => _byModule.GetValueOrDefault(module) ?? _byModule.GetValueOrDefault("")
        // A tied head is not listed, it follows the one module that is.
        ?? (_byModule.Count == 1
            ? _byModule.Values.Single()
            : throw Invalid($"{LoraKey} has no ids for {CheckpointFormatException.Quote(module)}"));

    private void Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) throw Invalid("the file must hold a JSON object");
        if (TryGet(root, Key, out JsonElement ids)) _byModule[""] = ReadIds(ids, Key);
        else if (TryGet(root, LoraKey, out ids) && ids.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty module in ids.EnumerateObject())
                _byModule[module.Name[(module.Name.LastIndexOf('.') + 1)..]] = ReadIds(module.Value, LoraKey);
        else if (TryGet(root, LoraKey, out ids)) _byModule[""] = ReadIds(ids, LoraKey);
        if (_byModule.Count == 0) throw Invalid($"there are no token ids, neither {Key} nor {LoraKey}");
    }

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
