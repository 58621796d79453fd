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
        SurroundingTokens template = SurroundingTokens.Read(path, settings.PostProcessor, IdOf);
        string configPath = Path.Combine(Path.GetDirectoryName(path) ?? "", "tokenizer_config.json");
        using JsonDocument? config = File.Exists(configPath) ? ParseConfig(configPath) : null;
        return new BoundaryTokens(
            (template.Before is [int begin, ..] ? begin : (int?)null) ?? Find("bos_token", BeginNames),
            (template.After is [.., int end] ? end : (int?)null) ?? Find("eos_token", EndNames),
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
}
