using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Copies a JSON object with one value replaced, and everything else as it was spelt but for white space.</summary>
internal static class JsonEdit
{
    /// <summary>Writes the object to a stream.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="root">The object.</param>
    /// <param name="path">The names of the objects around the value, and its own; where it is absent nothing changes.</param>
    /// <param name="write">Writes the new value.</param>
    public static void Replace(Stream stream, JsonElement root, ReadOnlySpan<string> path, Action<Utf8JsonWriter> write)
    {
        using Utf8JsonWriter json = new(stream, JsonWriting.Layout);
        Copy(json, root, path, write);
    }

    private static void Copy(Utf8JsonWriter json, JsonElement element, ReadOnlySpan<string> path, Action<Utf8JsonWriter> write)
    {
        json.WriteStartObject();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            json.WritePropertyName(property.Name);
            if (property.Name != path[0]) property.Value.WriteTo(json);
            else if (path.Length == 1) write(json);
            else if (property.Value.ValueKind == JsonValueKind.Object) Copy(json, property.Value, path[1..], write);
            else property.Value.WriteTo(json);
        }
        json.WriteEndObject();
    }
}
