using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Words what is wrong in a JSON file.</summary>
/// <param name="place">Where, such as <c>tasks[0].name</c>; empty for the whole file.</param>
/// <param name="value">What stands there; null where it is absent.</param>
/// <param name="rule">What should.</param>
internal delegate InvalidDataException JsonFault(string place, JsonElement? value, string rule);

/// <summary>A value in a JSON file, and its place, which every error names.</summary>
/// <param name="Value">The value.</param>
/// <param name="Fault">Words the errors as the file's format does.</param>
/// <param name="Place">The place; empty for the whole file.</param>
internal readonly record struct JsonPlace(JsonElement Value, JsonFault Fault, string Place = "")
{
    /// <summary>Says what is wrong with the value.</summary>
    public InvalidDataException Wrong(string rule) => Fault(Place, Value, rule);

    /// <summary>Says what is wrong with a property.</summary>
    public InvalidDataException Wrong(string key, string rule) => Fault(At(key), Find(key)?.Value, rule);

    public bool Has(string key) => Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(key, out _);

    /// <summary>A property; null where it is absent or null.</summary>
    public JsonPlace? Find(string key) =>
        Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(key, out JsonElement found) && found.ValueKind != JsonValueKind.Null
            ? this with { Value = found, Place = At(key) }
            : null;

    /// <summary>A property that must be there, of one of some kinds.</summary>
    public JsonPlace Get(string key, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Wrong("it must be a JSON object");
        if (!Value.TryGetProperty(key, out JsonElement found)) throw Fault(At(key), null, "it is missing");
        if (!kinds.Contains(found.ValueKind)) throw Fault(At(key), found, TypeRule(kinds));
        return this with { Value = found, Place = At(key) };
    }

    /// <summary>An object that older files lack.</summary>
    public JsonPlace? ObjectOrNull(string key) => Has(key) ? Get(key, JsonValueKind.Object) : null;

    public IEnumerable<JsonPlace> List(string key) => Get(key, JsonValueKind.Array).Items();

    /// <summary>The items of an array.</summary>
    public IEnumerable<JsonPlace> Items()
    {
        int i = 0;
        foreach (JsonElement item in Value.EnumerateArray()) yield return this with { Value = item, Place = $"{Place}[{i++}]" };
    }

    public string Text() => Value.ValueKind == JsonValueKind.String ? Value.GetString()! : throw Wrong(TypeRule(JsonValueKind.String));

    public string Text(string key) => Get(key, JsonValueKind.String).Value.GetString()!;

    public string? TextOrNull(string key) => Get(key, JsonValueKind.String, JsonValueKind.Null).Value.GetString();

    public bool Truth(string key) => Get(key, JsonValueKind.True, JsonValueKind.False).Value.GetBoolean();

    public bool? TruthOrNull(string key)
    {
        JsonElement found = Get(key, JsonValueKind.True, JsonValueKind.False, JsonValueKind.Null).Value;
        return found.ValueKind == JsonValueKind.Null ? null : found.GetBoolean();
    }

    public double Real() => Value.ValueKind == JsonValueKind.Number ? Value.GetDouble() : throw Wrong(TypeRule(JsonValueKind.Number));

    /// <summary>A number; NaN where the file has null.</summary>
    public double Real(string key)
    {
        JsonElement found = Get(key, JsonValueKind.Number, JsonValueKind.Null).Value;
        return found.ValueKind == JsonValueKind.Null ? double.NaN : found.GetDouble();
    }

    public int Integer(string key) => (int)Integer(key, int.MinValue, int.MaxValue);

    public long Integer(string key, long least, long most) => Get(key, JsonValueKind.Number).Integer(least, most);

    public long? IntegerOrNull(string key, long least, long most)
    {
        JsonPlace found = Get(key, JsonValueKind.Number, JsonValueKind.Null);
        return found.Value.ValueKind == JsonValueKind.Null ? null : found.Integer(least, most);
    }

    public long Integer(long least, long most) =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw Wrong($"it must be a whole number from {least} to {most}");

    private static string TypeRule(params ReadOnlySpan<JsonValueKind> kinds) =>
        $"it must be of JSON type {string.Join(" or ", kinds.ToArray())}";

    private string At(string key) => Place.Length == 0 ? key : $"{Place}.{key}";
}
