using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>A base's <c>config.json</c> for another vocabulary: its <c>vocab_size</c>, and the ids that a tuned model gives special
/// tokens.</summary>
internal static class ResizedConfig
{
    private const string VocabularySize = "vocab_size", TextConfig = "text_config";

    private static readonly string[] Ids = ["bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id"];

    /// <summary>Writes the configuration; everything else stays as it was spelt but for white space.</summary>
    /// <param name="target">The file.</param>
    /// <param name="basePath">The base's file.</param>
    /// <param name="tunedPath">The tuned model's; where it is absent the ids stay as they are.</param>
    /// <param name="rows">Rows of the embedding.</param>
    public static void Write(string target, string basePath, string tunedPath, long rows)
    {
        using JsonDocument baseModel = JsonFile.Parse(basePath);
        using JsonDocument? tuned = File.Exists(tunedPath) ? JsonFile.Parse(tunedPath) : null;
        using FileStream stream = new(target, FileMode.CreateNew, FileAccess.Write);
        using (Utf8JsonWriter json = new(stream, JsonWriting.Layout)) Copy(json, baseModel.RootElement, tuned?.RootElement, rows);
        stream.Flush(flushToDisk: true);
    }

    private static void Copy(Utf8JsonWriter json, JsonElement baseModel, JsonElement? tuned, long rows)
    {
        json.WriteStartObject();
        foreach (JsonProperty property in baseModel.EnumerateObject())
        {
            json.WritePropertyName(property.Name);
            JsonElement? its = Find(tuned, property.Name);
            if (property.Name == VocabularySize) json.WriteNumberValue(rows);
            else if (property.Name == TextConfig && property.Value.ValueKind == JsonValueKind.Object)
                Copy(json, property.Value, its is { ValueKind: JsonValueKind.Object } ? its : null, rows);
            else (Ids.Contains(property.Name) && its is { } id ? id : property.Value).WriteTo(json);
        }
        foreach (string name in Ids)
        {
            if (baseModel.TryGetProperty(name, out _) || Find(tuned, name) is not { } added) continue;
            json.WritePropertyName(name);
            added.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private static JsonElement? Find(JsonElement? element, string name) =>
        element is { } found && found.TryGetProperty(name, out JsonElement value) ? value : null;
}
