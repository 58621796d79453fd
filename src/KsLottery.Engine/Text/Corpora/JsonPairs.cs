using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Reads sentence pairs from JSON: objects one behind the other, or in one array.</summary>
internal static class JsonPairs
{
    private const string Forms =
        "prefix and text; prompt and completion; messages; instruction, input and output; translation; source and target; or "
        + "name the keys of source and target";

    public static void Read(string path, ParallelTextOptions options, Action<SentencePair> add)
    {
        ReadOnlySpan<byte> text = TextFile.ReadBytes(path);
        Utf8JsonReader reader = new(text, new JsonReaderOptions { AllowMultipleValues = true });
        int line = 1, counted = 0;
        try
        {
            while (reader.Read())
            {
                line += text[counted..(int)reader.TokenStartIndex].Count((byte)'\n');
                counted = (int)reader.TokenStartIndex;
                if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray && reader.CurrentDepth == 0) continue;
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    throw TextFile.Damaged(path, line,
                        $"{reader.TokenType} where an object with a pair is asked for; give one object for each pair");
                }
                using JsonDocument pair = JsonDocument.ParseValue(ref reader);
                add(Pair(pair.RootElement, path, line, options));
            }
        }
        catch (JsonException fault)
        {
            throw TextFile.Damaged(path, 1 + (fault.LineNumber ?? 0),
                $"invalid JSON at {JsonDefect.Column(fault)} ({JsonDefect.Cause(fault)}); mend the line", fault);
        }
        // Text that is not Unicode shows only when a string is taken.
        catch (InvalidOperationException fault)
        {
            throw TextFile.Damaged(path, line, "a string that is not Unicode; convert the file to UTF-8", fault);
        }
    }

    private static SentencePair Pair(JsonElement element, string path, int line, ParallelTextOptions options)
    {
        bool hasTranslation = element.TryGetProperty("translation", out JsonElement sides) && sides.ValueKind == JsonValueKind.Object;
        if (options.SourceKey is not null || options.TargetKey is not null)
        {
            string sourceKey = options.SourceKey ?? "source", targetKey = options.TargetKey ?? "target";
            bool hasOwn = element.TryGetProperty(sourceKey, out _) && element.TryGetProperty(targetKey, out _);
            JsonElement holder = hasTranslation && !hasOwn ? sides : element;
            return new SentencePair(Side(holder, sourceKey), Side(holder, targetKey), path, line);
        }
        if (JsonMessages.Find(element) is { } messages) return JsonMessages.Pair(messages, path, line);
        if (Text("prompt") is { } whole && Text("completion") is { } answer)
            return new SentencePair("", answer, path, line) { Prompt = whole };
        if (Text("prefix") is { } prompt) return new SentencePair("", Side(element, "text"), path, line) { Prompt = prompt };
        if (Text("instruction") is { } instruction)
        {
            string input = IsAbsent("input") ? "" : Side(element, "input");
            return new SentencePair(input, Side(element, "output"), path, line) { Instruction = instruction };
        }
        if (hasTranslation)
            throw TextFile.Damaged(path, line, $"a translation with the keys {Names(sides)}; say which of them are source and target");
        if (Text("source") is null && Text("target") is null)
            throw TextFile.Damaged(path, line, $"an object with the keys {Names(element)}, known are {Forms}; rename its properties");
        return new SentencePair(Side(element, "source"), Side(element, "target"), path, line);

        string? Text(string name) => TextOf(element, name);

        bool IsAbsent(string name) => !element.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null;

        string Side(JsonElement holder, string name) => TextOf(holder, name) ?? (options.SkipIncomplete ? ""
            : throw TextFile.Damaged(path, line, $"{Lack(holder, name)}; complete the pair, or skip incomplete pairs"));
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Lack(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? $"{name} is {Kind(value)} where text is asked for"
        : $"no key {name}; there are {Names(element)}";

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string Names(JsonElement element) =>
        string.Join(", ", element.EnumerateObject().Select(property => property.Name)) is { Length: > 0 } names ? names : "none";
}
