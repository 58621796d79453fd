using System.Text.Encodings.Web;
using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>How this library writes JSON.</summary>
internal static class JsonWriting
{
    /// <summary>The layout of a file that people read: indented, one kind of line end, every character as it is.</summary>
    public static readonly JsonWriterOptions Layout =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a number in its shortest form that reads back the same; NaN and the infinities become <c>null</c>.</summary>
    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    /// <summary>The same for an F32 number, whose shortest form has fewer digits.</summary>
    public static void WriteSingleOrNull(this Utf8JsonWriter json, string name, float value)
    {
        if (float.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    /// <summary>Texts as an array on one line.</summary>
    public static string ArrayOf(IEnumerable<string> texts) =>
        $"[{string.Join(',', texts.Select(text => $"\"{JsonEncodedText.Encode(text)}\""))}]";

    /// <summary>Writes <c>stop_ids</c> and <c>stop</c>, what ends a text beside the model's own end; an empty list is left out.</summary>
    public static void WriteStops(this Utf8JsonWriter json, IReadOnlyList<int> ids, IReadOnlyList<string> texts)
    {
        if (ids.Count > 0)
        {
            json.WriteStartArray("stop_ids");
            foreach (int id in ids) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        if (texts.Count == 0) return;
        json.WriteStartArray("stop");
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
