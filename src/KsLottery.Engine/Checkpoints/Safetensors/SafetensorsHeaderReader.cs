using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>What a header's entry says, before it is checked against the other entries.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DtypeName">The type as it is spelt.</param>
/// <param name="Shape">The dimensions, none negative.</param>
/// <param name="Start">The first byte, counted from the start of the data.</param>
/// <param name="End">The byte after the last one.</param>
/// <param name="HeaderByte">The byte of the file at which the entry's name stands.</param>
internal sealed record DeclaredTensor(string Name, string DtypeName, long[] Shape, ulong Start, ulong End, long HeaderByte);

/// <summary>Reads the JSON of a safetensors header: what is written there and no more, every key at most once.</summary>
internal ref struct SafetensorsHeaderReader(ReadOnlySpan<byte> json, string path)
{
    private const string MetadataKey = "__metadata__";

    private readonly string _path = path;
    private readonly HashSet<string> _names = [];
    private readonly List<long> _dimensions = [];
    private Utf8JsonReader _json = new(json);
    private string? _tensor;

    /// <summary>The tensors in the order in which they are written.</summary>
    public List<DeclaredTensor> Tensors { get; } = [];

    /// <summary>The strings of <c>__metadata__</c>.</summary>
    public Dictionary<string, string> Metadata { get; } = [];

    private readonly long FileByte => SafetensorsHeader.PrefixLength + _json.TokenStartIndex;

    /// <summary>Reads the whole header.</summary>
    /// <exception cref="CheckpointFormatException">The header is not JSON or not of the form that the format asks for.</exception>
    public void ReadAll()
    {
        try
        {
            Expect(JsonTokenType.StartObject, "the header must be a JSON object");
            while (NextKey() is { } name)
            {
                if (!_names.Add(name)) throw Defect($"the key {CheckpointFormatException.Quote(name)} stands twice in the header");
                if (name == MetadataKey) ReadMetadata();
                else ReadTensor(name);
            }
            // One more step makes the JSON reader look at what follows the object: white space or nothing.
            _ = _json.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape such as \ud800 that stands for no character.
            string cause = e is JsonException ? JsonDefect.Cause(e) : "a lone surrogate in a string";
            throw new CheckpointFormatException(CheckpointDefect.InvalidHeaderDeserialization, _path, $"the header is not JSON ({cause})",
                "Check that this is a safetensors file", _tensor, SafetensorsHeader.PrefixLength + _json.BytesConsumed, e);
        }
    }

    private void ReadMetadata()
    {
        Expect(JsonTokenType.StartObject, $"{MetadataKey} must be an object of strings");
        while (NextKey() is { } key)
        {
            string value = ReadString($"the value of {CheckpointFormatException.Quote(key)} in {MetadataKey} must be a string");
            if (!Metadata.TryAdd(key, value)) throw Defect($"the key {CheckpointFormatException.Quote(key)} stands twice in {MetadataKey}");
        }
    }

    private void ReadTensor(string name)
    {
        _tensor = name;
        long place = FileByte;
        string? dtype = null;
        long[]? shape = null;
        (ulong Start, ulong End)? offsets = null;
        Expect(JsonTokenType.StartObject, "a tensor's entry must be an object");
        while (NextKey() is { } key)
        {
            bool isRepeated = key switch { "dtype" => dtype is not null, "shape" => shape is not null, _ => offsets is not null };
            switch (key)
            {
                case "dtype" or "shape" or "data_offsets" when isRepeated: throw Defect($"{key} stands twice in the entry");
                case "dtype": dtype = ReadString("dtype must be a string"); break;
                case "shape": shape = ReadShape(); break;
                case "data_offsets": offsets = ReadOffsets(); break;
                default:
                    throw Defect(
                        $"the key {CheckpointFormatException.Quote(key)} is not known; an entry has dtype, shape and data_offsets");
            }
        }
        if (dtype is null || shape is null || offsets is null)
            throw Defect($"{(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")} is missing in the entry");
        Tensors.Add(new DeclaredTensor(name, dtype, shape, offsets.Value.Start, offsets.Value.End, place));
        _tensor = null;
    }

    private long[] ReadShape()
    {
        _dimensions.Clear();
        Expect(JsonTokenType.StartArray, "shape must be an array");
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            ulong dimension = ReadNumber("shape");
            if (dimension > long.MaxValue)
                throw new CheckpointFormatException(CheckpointDefect.ValidationOverflow, _path,
                    $"the dimension {dimension} is above {long.MaxValue}", "Download or export the file again", _tensor, FileByte);
            _dimensions.Add((long)dimension);
        }
        return [.. _dimensions];
    }

    private (ulong Start, ulong End) ReadOffsets()
    {
        Expect(JsonTokenType.StartArray, "data_offsets must be an array");
        _ = _json.Read();
        ulong start = ReadNumber("data_offsets");
        _ = _json.Read();
        ulong end = ReadNumber("data_offsets");
        Expect(JsonTokenType.EndArray, "data_offsets must have two numbers");
        return (start, end);
    }

    private readonly ulong ReadNumber(string key) =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetUInt64(out ulong value)
            ? value
            : throw Defect($"{key} must hold integers from 0 to 2^64 - 1");

    private string ReadString(string rule)
    {
        Expect(JsonTokenType.String, rule);
        return _json.GetString()!;
    }

    private string? NextKey()
    {
        _ = _json.Read();
        return _json.TokenType == JsonTokenType.PropertyName ? _json.GetString() : null;
    }

    private void Expect(JsonTokenType type, string rule)
    {
        if (!_json.Read() || _json.TokenType != type) throw Defect(rule);
    }

    private readonly CheckpointFormatException Defect(string problem) =>
        new(CheckpointDefect.InvalidHeaderDeserialization, _path, problem, "Download or export the file again", _tensor, FileByte);
}
