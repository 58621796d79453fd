using System.Text.Json;

namespace KsLottery.Engine.Tokens;

/// <summary>Which tokens begin, end and pad a text of a <c>tokenizer.json</c>.</summary>
/// <remarks>
/// The <c>TemplateProcessing</c> step says what goes around a single text; for what it leaves out <c>tokenizer_config.json</c> in the
/// same folder is asked, then the names in wide use.
/// </remarks>
internal readonly record struct BoundaryTokens(int? Begin, int? End, int? Pad)
{
    private static readonly string[] BeginNames = ["<s>", "<|begin_of_text|>", "<bos>"];
    private static readonly string[] EndNames = ["</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>"];
    private static readonly string[] PadNames = ["<pad>", "<|pad|>"];

    /// <summary>Reads what the files say.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or the post-processor is not supported.</exception>
    public static BoundaryTokens Read(string path, TokenizerJson file, BpeSettings settings)
    {
        BoundaryTokens template = default;
        foreach (JsonSection step in JsonSection.Steps(path, "post_processor", settings.PostProcessor, "processors"))
        {
            switch (step.Type)
            {
                case "ByteLevel": break; // Only moves offsets.
                case "TemplateProcessing": template = ReadTemplate(step, IdOf); break;
                case string other: throw step.Refuse("type", other, "Sequence, ByteLevel and TemplateProcessing");
            }
        }
        string configPath = Path.Combine(Path.GetDirectoryName(path) ?? "", "tokenizer_config.json");
        using JsonDocument? config = File.Exists(configPath) ? ParseConfig(configPath) : null;
        return new BoundaryTokens(
            template.Begin ?? Find("bos_token", BeginNames),
            template.End ?? Find("eos_token", EndNames),
            Find("pad_token", PadNames));

        int? IdOf(string name)
        {
            foreach (AddedToken token in file.AddedTokens)
                if (token.Content == name)
                    return token.Id;
            return settings.Vocabulary.TryGetValue(name, out int id) ? id : null;
        }

        int? Find(string property, string[] usualNames)
        {
            if (config is not null && config.RootElement.ValueKind == JsonValueKind.Object
                && config.RootElement.TryGetProperty(property, out JsonElement value))
            {
                JsonSection token = new(configPath, property, value);
                // Either the text itself or an object that holds it; null says that there is none.
                string? name = value.ValueKind == JsonValueKind.String ? value.GetString() : token.Text("content");
                return name is null ? null : IdOf(name) ?? throw TokenizerFile.Unsupported(configPath, property, name,
                    "a token that tokenizer.json has");
            }
            foreach (string name in usualNames)
                if (IdOf(name) is { } id)
                    return id;
            return null;
        }
    }

    private static JsonDocument ParseConfig(string path)
    {
        try
        {
            return JsonDocument.Parse(TokenizerFile.Read(path));
        }
        catch (JsonException fault)
        {
            throw TokenizerFile.Damaged(path, fault.BytePositionInLine ?? 0, $"{fault.Message} Fetch the file again.", fault);
        }
    }

    /// <summary>Reads <c>"single": [{"SpecialToken": {"id": "&lt;s&gt;"}}, {"Sequence": {"id": "A"}}]</c>.</summary>
    private static BoundaryTokens ReadTemplate(JsonSection step, Func<string, int?> idOf)
    {
        BoundaryTokens tokens = default;
        bool isAfterText = false;
        if (step.Get("single") is not { ValueKind: JsonValueKind.Array } single)
            throw step.Refuse("single", "(none)", "a list of one Sequence with a SpecialToken before and after it");
        foreach (JsonElement item in single.EnumerateArray())
        {
            JsonSection part = step with { Element = item };
            if (part.Get("Sequence") is not null && !isAfterText)
            {
                isAfterText = true;
                continue;
            }
            if (part.Get("SpecialToken") is not { } special || (isAfterText ? tokens.End : tokens.Begin) is not null
                || (step with { Element = special }).Text("id") is not { } name || idOf(name) is not { } id)
                throw step.Refuse("single", JsonSection.Raw(single), "one Sequence with at most one SpecialToken before and after it");
            tokens = isAfterText ? tokens with { End = id } : tokens with { Begin = id };
        }
        return tokens;
    }
}
