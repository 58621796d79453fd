using System.Text.Json;

namespace KsLottery.Engine.Corpora;

/// <summary>Reads sentence pairs from JSON: objects one behind the other, or in one array.</summary>
internal static class JsonPairs
{
    private const string Forms = "prefix and text; prompt and completion; messages; instruction, input and output; translation; source and target; or "
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
            throw TextFile.Damaged(path, 1 + (fault.LineNumber ?? 0), $"no sound JSON ({fault.Message.TrimEnd('.')}); mend the line", fault);
        }
        // Text that is not Unicode shows only when a string is taken.
        catch (InvalidOperationException fault)
        {
            throw TextFile.Damaged(path, line, "a string that is not Unicode; convert the file to UTF-8", fault);
        }
    }

    private static SentencePair Pair(JsonElement element, string path, int line, ParallelTextOptions options)
    {
        if (options is { SourceKey: { } sourceKey, TargetKey: { } targetKey } && Text(sourceKey) is { } own && Text(targetKey) is { } other)
            return new SentencePair(own, other, path, line);
        if (JsonMessages.Find(element) is { } messages) return JsonMessages.Pair(messages, path, line);
        if (Text("prompt") is { } whole && Text("completion") is { } answer) return new SentencePair("", answer, path, line) { Prompt = whole };
        if (Text("prefix") is { } prompt) return new SentencePair("", Text("text") ?? "", path, line) { Prompt = prompt };
        if (Text("instruction") is { } instruction)
            return new SentencePair(Text("input") ?? "", Text("output") ?? "", path, line) { Instruction = instruction };
        if (element.TryGetProperty("translation", out JsonElement sides) && sides.ValueKind == JsonValueKind.Object)
        {
            if (options is not { SourceKey: { } source, TargetKey: { } target })
            {
                string keys = string.Join(", ", sides.EnumerateObject().Select(side => side.Name));
                throw TextFile.Damaged(path, line, $"a translation with the keys {keys}; say which of them are source and target");
            }
            return new SentencePair(TextOf(sides, source) ?? "", TextOf(sides, target) ?? "", path, line);
        }
        if (Text("source") is null && Text("target") is null)
        {
            string names = string.Join(", ", element.EnumerateObject().Select(property => property.Name));
            throw TextFile.Damaged(path, line,
                $"an object with {(names.Length > 0 ? names : "nothing")}, known are {Forms}; rename its properties");
        }
        return new SentencePair(Text("source") ?? "", Text("target") ?? "", path, line);

        string? Text(string name) => TextOf(element, name);
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
