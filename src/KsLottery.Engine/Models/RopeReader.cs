using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Models;

/// <summary>Reads the rotary settings of a <c>config.json</c> as Hugging Face's Transformers 5 does.</summary>
/// <remarks>
/// Source: <c>modeling_rope_utils.py</c> of Transformers 5. <c>rope_scaling</c>, the old key, goes before <c>rope_parameters</c>; null and
/// {} fall through. θ and the original length stand in the object or beside it: θ in the object goes first, the original length beside it,
/// which is the length that the model was made for where neither says it. <c>type</c> is the old spelling of <c>rope_type</c>.
/// </remarks>
internal sealed class RopeReader
{
    private const string Old = "rope_scaling", New = "rope_parameters", ThetaKey = "rope_theta",
        OriginalKey = "original_max_position_embeddings";
    private const double DefaultTheta = 10_000;

    private readonly string _path;
    private readonly JsonElement _root;
    private readonly JsonElement? _rope;
    private readonly string _key;
    private readonly List<string> _notes = [];

    public RopeReader(string path, JsonElement root)
    {
        (_path, _root) = (path, root);
        JsonElement? old = Object(Old), parameters = Object(New);
        (_rope, _key) = old is null ? (parameters, New) : (old, Old);
        if (old is { } one && parameters is { } other && !JsonElement.DeepEquals(one, other))
            _notes.Add($"{path}: {Old} and {New} differ; {Old} is read, as Transformers 5 reads it.");
        double beside = Number(root, ThetaKey, DefaultTheta);
        Theta = _rope is { } rope ? Number(rope, ThetaKey, beside) : beside;
        if (LlamaConfigReader.Get(root, ThetaKey) is not null && Theta.CompareTo(beside) != 0)
            _notes.Add(
                $"{path}: {ThetaKey} is {beside}, and {Theta} in {_key}; the latter is read, as Transformers 5 reads it (4 took the "
                    + $"former).");
    }

    /// <summary>θ.</summary>
    public double Theta { get; }

    /// <summary>Keys that contradict each other, and which was read.</summary>
    public IReadOnlyList<string> Notes => _notes.Count == 0 ? Array.Empty<string>() : _notes;

    /// <summary>How positions were stretched.</summary>
    /// <param name="length">The length that the model was made for.</param>
    /// <exception cref="NotSupportedException">In a way that is not computed here; the message names it.</exception>
    public RopeScaling? ReadScaling(int length)
    {
        if (_rope is not { } rope) return null;
        if (Number(rope, "partial_rotary_factor", 1, least: 0) is var share && !(share == 1))
            throw Unsupported("partial_rotary_factor", FormattableString.Invariant($"{share}"), "1.0");
        foreach (JsonProperty setting in rope.EnumerateObject())
            if (setting.Value.ValueKind == JsonValueKind.Object) throw Unsupported(setting.Name, "set", "one setting for all layers");
        JsonElement? kind = LlamaConfigReader.Get(rope, "rope_type") ?? LlamaConfigReader.Get(rope, "type");
        if (kind is { ValueKind: not JsonValueKind.String } odd)
            throw LlamaConfigReader.Invalid(_path, $"the rope_type of {_key} must be a string, it is {odd.GetRawText()}");
        switch (kind?.GetString())
        {
            case null or "default": return null;
            case "linear": return new LinearRopeScaling(Number(rope, "factor", null));
            case "llama3":
                double low = Number(rope, "low_freq_factor", null, least: 0), high = Number(rope, "high_freq_factor", null, least: 0);
                if (!(high > low)) throw LlamaConfigReader.Invalid(_path, $"high_freq_factor {high} must exceed low_freq_factor {low}");
                return new Llama3RopeScaling(Number(rope, "factor", null), low, high,
                    Number(_root, OriginalKey, Number(rope, OriginalKey, length)));
            case { } other:
                throw LlamaConfigReader.Unsupported(_path, _key, CheckpointFormatException.Quote(other),
                    "\"default\", \"linear\" or \"llama3\"");
        }
    }

    private NotSupportedException Unsupported(string key, string value, string supported) =>
        LlamaConfigReader.Unsupported(_path, $"{key} in {_key}", value, supported);

    private double Number(JsonElement parent, string key, double? absent, double least = 1) =>
        LlamaConfigReader.Number(_path, parent, key, absent, least);

    private JsonElement? Object(string key)
    {
        if (LlamaConfigReader.Get(_root, key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw LlamaConfigReader.Invalid(_path, $"{key} must be an object or null");
        return value.EnumerateObject().Any() ? value : null;
    }
}
