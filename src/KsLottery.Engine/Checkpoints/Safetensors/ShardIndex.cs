using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The index of a sharded folder: which shard holds which tensor.</summary>
internal sealed class ShardIndex
{
    public const string FileName = "model.safetensors.index.json";

    // Names take about what they take in headers, which end at the same size.
    private const int MaxFileBytes = SafetensorsHeader.MaxLength;

    private ShardIndex(string path) => Path = path;

    /// <summary>The index file.</summary>
    public string Path { get; }

    /// <summary>The shard's file name for every tensor.</summary>
    public Dictionary<string, string> Shards { get; } = [];

    /// <summary>Reads and checks an index.</summary>
    /// <exception cref="CheckpointFormatException">It is not an index, a tensor stands twice in it, or a shard lies outside the
    /// folder.</exception>
    public static ShardIndex Load(string path)
    {
        ShardIndex index = new(path);
        long length = new FileInfo(path).Length;
        if (length > MaxFileBytes) throw index.Invalid($"{length} bytes, allowed are {MaxFileBytes}");
        Utf8JsonReader json = new(JsonFile.Read(path).Span);
        try
        {
            index.Read(ref json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw index.Invalid("the index is not JSON", null, json.BytesConsumed, e);
        }
        return index;
    }

    private void Read(ref Utf8JsonReader json)
    {
        bool hasMap = false;
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) throw Invalid("the index must be a JSON object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isMap = json.ValueTextEquals("weight_map");
            if (isMap && hasMap) throw Invalid("weight_map stands twice in the index", null, json.TokenStartIndex);
            hasMap |= isMap;
            if (isMap) ReadMap(ref json);
            else json.Skip();
        }
        _ = json.Read();
        if (!hasMap) throw Invalid("the index has no weight_map");
    }

    private void ReadMap(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            throw Invalid("weight_map must be an object", null, json.TokenStartIndex);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            long place = json.TokenStartIndex;
            string tensor = json.GetString()!;
            if (!json.Read() || json.TokenType != JsonTokenType.String)
                throw Invalid("the shard must be a string", tensor, json.TokenStartIndex);
            string shard = json.GetString()!;
            // A folder is handed on as a whole; a shard elsewhere would let a downloaded index read any file.
            if (shard is "" or "." or ".." || shard.AsSpan().ContainsAny("/\\:\0"))
                throw Invalid($"the shard {CheckpointFormatException.Quote(shard)} must name a file in the index's own folder", tensor,
                    place);
            if (!Shards.TryAdd(tensor, shard)) throw Invalid("the tensor stands twice in weight_map", tensor, place);
        }
    }

    private CheckpointFormatException Invalid(string problem, string? tensor = null, long? place = null, Exception? cause = null) =>
        new(CheckpointDefect.InvalidIndex, Path, problem, "Download the index again", tensor, place, cause);
}
