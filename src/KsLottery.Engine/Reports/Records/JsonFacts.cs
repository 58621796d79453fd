using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Reports;


/// <summary>Lists the single values of a JSON file of ours, whatever it is about; arrays are left out but for their length.</summary>
internal static class JsonFacts
{
    private const int MaxFacts = 80;
    private const int MaxValueLength = 400;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is no JSON object.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<(string Name, string Value)> Read(string path)
    {
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("it holds something else");
            List<(string, string)> facts = [];
            Add(facts, "", document.RootElement);
            return facts;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: this is no JSON object ({JsonDefect.Describe(fault)}). Write the file again.", fault);
        }
    }

    private static void Add(List<(string, string)> facts, string prefix, JsonElement value)
    {
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (facts.Count == MaxFacts) return;
            string name = prefix + property.Name;
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Object: Add(facts, $"{name}.", property.Value); break;
                case JsonValueKind.Array: facts.Add((name, $"[{Digits.Count(property.Value.GetArrayLength())}]")); break;
                case JsonValueKind.Null: break;
                case JsonValueKind.String when property.Value.GetString() is { Length: > 0 } text:
                    facts.Add((name, text.Length > MaxValueLength ? text[..MaxValueLength] + "…" : text));
                    break;
                case JsonValueKind.String: break;
                default: facts.Add((name, property.Value.GetRawText())); break;
            }
        }
    }
}
